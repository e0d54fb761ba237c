import { setTimeout as sleep } from "node:timers/promises";
import type { LoadRequest } from "./lane.ts";
import type { Lanes } from "./lanes.ts";
import { WindowRecorder, type WindowResult } from "./window.ts";

/** A load in which so many callers each send again as soon as they are answered. */
export interface ClosedLoop<Request extends LoadRequest> {
  readonly lanes: Lanes<Request>;
  readonly nextRequest: () => Request;
  /** Callers. */
  readonly atOnce: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly signal: AbortSignal;
}

/** A caller that is refused at once would try again without a pause. */
const AFTER_FAILURE_MS = 10;

/**
 * Measures how much goes through with so many requests under way, which says about how much a server can do. Its
 * latencies say nothing of what users would see: who waits for an answer does not ask meanwhile.
 * @throws the signal's reason, once it is aborted
 */
export async function closedLoop<Request extends LoadRequest>(
  load: ClosedLoop<Request>,
): Promise<WindowResult> {
  const { lanes, nextRequest, atOnce, signal } = load;
  signal.throwIfAborted();
  const fromMs = performance.now() + load.warmupMs;
  const untilMs = fromMs + load.windowMs;
  using recorder = new WindowRecorder(fromMs, untilMs);
  let isOver = false;
  const ask = () => {
    const dueMs = performance.now();
    if (isOver || dueMs >= untilMs) return;
    recorder.sent(dueMs, dueMs, false);
    lanes.send(nextRequest(), dueMs, (failure) => {
      recorder.ended(dueMs, performance.now(), failure);
      if (failure === undefined) ask();
      else setTimeout(ask, AFTER_FAILURE_MS);
    });
  };
  try {
    for (let caller = 0; caller < atOnce; caller++) ask();
    await sleep(load.warmupMs, undefined, { signal });
    recorder.begin();
    await sleep(load.windowMs, undefined, { signal });
    recorder.close();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    isOver = true;
    lanes.abandon("unanswered");
  }
  return recorder.result();
}
