/** The signals that stop a server, with the exit code of a process that they end. */
export const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof SIGNAL_EXIT_CODES;

/**
 * Ctrl-C under `npm start` may arrive twice within a few milliseconds, from the terminal and through npm (npm/cli
 * issue 1591).
 */
const SAME_PRESS_MS = 300;

/** What of a process is needed. */
export interface SignalHost {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): void;
  exit(code: number): void;
  /** Milliseconds on a clock that does not jump. */
  now(): number;
}

const OWN_PROCESS: SignalHost = {
  on: (signal, listener) => void process.on(signal, () => listener(signal)),
  exit: (code) => process.exit(code),
  now: () => performance.now(),
};

/**
 * Waits for the signal to stop. A further one ends the process at once, without draining.
 * @returns resolves with the first signal
 */
export function stopSignal(host: SignalHost = OWN_PROCESS): Promise<StopSignal> {
  const { promise, resolve } = Promise.withResolvers<StopSignal>();
  let first: { readonly signal: StopSignal; readonly at: number } | undefined;
  const receive = (signal: StopSignal) => {
    const at = host.now();
    if (first === undefined) {
      first = { signal, at };
      resolve(signal);
    } else if (signal !== first.signal || at - first.at > SAME_PRESS_MS) {
      host.exit(SIGNAL_EXIT_CODES[signal]);
    }
  };
  for (const signal of Object.keys(SIGNAL_EXIT_CODES) as StopSignal[]) host.on(signal, receive);
  return promise;
}
