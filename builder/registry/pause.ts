import { setTimeout as sleep } from "node:timers/promises";

/** Waits, or throws the signal's reason when it is aborted meanwhile. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

/** Waits by the clock. */
export const pause: Pause = async (ms, signal) => {
  signal.throwIfAborted();
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
};

const FIRST_MS = 250;
const MOST_MS = 10_000;
/** A registry that asks for more is not waited for. */
const MOST_ASKED_MS = 120_000;

/** How long to wait before a try: twice as long each time, and up to a quarter more so that clients spread out. */
export function backOffMs(failures: number): number {
  const ms = Math.min(MOST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(ms * (1 + Math.random() / 4));
}

/**
 * What a Retry-After header asks for: seconds, or a date.
 * @returns undefined where there is none that can be read; Infinity where it asks for longer than anyone would wait
 */
export function retryAfterMs(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : undefined;
  const ms = seconds === undefined ? Date.parse(header) - now : seconds * 1000;
  if (Number.isNaN(ms)) return undefined;
  return ms > MOST_ASKED_MS ? Infinity : Math.max(0, ms);
}
