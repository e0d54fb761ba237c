import { setTimeout as sleep } from "node:timers/promises";
import { remoteFailure, retryWaitMs } from "./failure.ts";
import type { RemoteSettings } from "./settings.ts";

/**
 * Asks the predictor, again where that is safe, all within the time that the settings give.
 * @param ask one call, with the milliseconds it has
 * @throws the signal's reason once it is aborted; else what `remoteFailure` makes of the last failure
 */
export async function attempt<T>(
  settings: RemoteSettings,
  signal: AbortSignal,
  ask: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  const endsAt = performance.now() + settings.timeoutMs;
  for (let failures = 0; ; failures++) {
    try {
      return await ask(Math.max(1, endsAt - performance.now()));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const waitMs = failures < settings.retries ? retryWaitMs(error, failures) : undefined;
      if (waitMs === undefined || performance.now() + waitMs >= endsAt) throw remoteFailure(error, settings);
      await pause(waitMs, signal);
    }
  }
}

/**
 * Asks the predictor for a stream of answers, as {@link attempt} does until the first is there.
 * @param ask one call, which is made when its first answer is asked for
 * @throws as `attempt`, also behind answers
 */
export async function* attemptStream<T>(
  settings: RemoteSettings,
  signal: AbortSignal,
  ask: (timeoutMs: number) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  let answers: AsyncGenerator<T, void, undefined> | undefined;
  const first = await attempt(settings, signal, (timeoutMs) => {
    answers = ask(timeoutMs);
    return answers.next();
  });
  if (first.done === true || answers === undefined) return;
  try {
    yield first.value;
    yield* answers;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw remoteFailure(error, settings);
  } finally {
    await answers.return();
  }
}

async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(waitMs, undefined, { signal });
  } catch {
    // The timer's own error says less than who aborted it, and why.
    throw signal.reason;
  }
}
