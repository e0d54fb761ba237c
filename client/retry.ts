import { isKtsError } from "../contract/errors.ts";
import { type CallOptions, type ResolvedOptions, checkCount, checkPositive } from "./options.ts";
import { isRepeatable, isUnavailable } from "./repeatable.ts";

/** The wait before the second try, which doubles with each one that follows. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** How a call is tried, and tried again. */
export interface RetryPlan {
  /** Tries beside the first. */
  readonly retries: number;
  /** Milliseconds for all tries and waits together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Ends waits when the client is closed. */
  readonly closing: AbortSignal;
  /** It may be sent again even where the server may have begun. */
  readonly idempotent: boolean;
}

/**
 * A call's plan, from its own options and the client's.
 * @param reads it changes nothing: it is idempotent whatever the caller says
 * @throws InvalidInput when a number is not what it may be
 */
export function retryPlan(
  client: ResolvedOptions,
  call: CallOptions,
  closing: AbortSignal,
  reads: boolean,
): RetryPlan {
  return {
    retries: call.retries === undefined ? client.retries : checkCount(call.retries, "retries"),
    timeoutMs: call.timeoutMs === undefined ? client.timeoutMs : checkPositive(call.timeoutMs, "timeoutMs"),
    signal: call.signal,
    closing,
    idempotent: reads || (call.idempotent ?? client.idempotent),
  };
}

/** The milliseconds that are left of a call which begins now and may be two requests; asked when the second begins. */
export function timeLeft(call: CallOptions, client: ResolvedOptions): () => number {
  const deadline = performance.now() + (call.timeoutMs ?? client.timeoutMs);
  return () => Math.max(1, deadline - performance.now());
}

/**
 * Makes a call, and makes it again where that is safe, until it succeeds or there is no try or time left.
 * @param attempt gets the milliseconds that are left
 */
export async function withRetries<T>(plan: RetryPlan, attempt: (leftMs: number) => Promise<T>): Promise<T> {
  if (plan.retries === 0) return attempt(plan.timeoutMs);
  const deadline = performance.now() + plan.timeoutMs;
  let leftMs = plan.timeoutMs;
  for (let tries = 0; ; tries++) {
    try {
      return await attempt(leftMs);
    } catch (error) {
      if (tries >= plan.retries || !mayRepeat(error, plan.idempotent)) throw error;
      const waitMs = waitBefore(tries, error);
      if (performance.now() + waitMs >= deadline) throw error;
      await pause(waitMs, plan);
      leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
    }
  }
}

/** The status of a server that does not begin with a request, since there are too many. */
const TOO_MANY = 429;

/** Whether the failed request can be sent again: it has not begun, or it may be done twice. */
function mayRepeat(error: unknown, idempotent: boolean): boolean {
  if (isRepeatable(error)) return true;
  if (isUnavailable(error)) return idempotent;
  if (!isKtsError(error)) return false;
  if (error.code === "KTS_SERVER_UNREACHABLE") return idempotent;
  if (error.code !== "KTS_SERVER_ANSWERED") return false;
  return error.status === TOO_MANY && error.retryAfterSeconds !== undefined;
}

function waitBefore(tries: number, error: unknown): number {
  const most = Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS);
  // Jitter: clients that were turned away together would come back together.
  const backoffMs = most * (0.5 + Math.random() / 2);
  const askedMs = isKtsError(error) ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  return Math.max(backoffMs, askedMs);
}

/** @throws the signal's reason when the caller, or the client, ends the wait */
function pause(waitMs: number, { signal, closing }: RetryPlan): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ends = signal === undefined ? closing : AbortSignal.any([signal, closing]);
  const stop = (): void => {
    clearTimeout(timer);
    reject(ends.reason as Error);
  };
  const timer = setTimeout(() => {
    ends.removeEventListener("abort", stop);
    resolve();
  }, waitMs);
  if (ends.aborted) stop();
  else ends.addEventListener("abort", stop);
  return promise;
}
