import { setTimeout as sleep } from "node:timers/promises";

/** Seven tries: some twenty seconds of a store that is away. */
const MOST_TRIES = 7;
/** A list comes first: whoever named the wrong store should not wait for it. */
export const LIST_TRIES = 3;
const FIRST_MS = 250;
const MOST_MS = 8_000;

/** How a request is tried again. */
export interface Retries {
  /** Whether the same request may well succeed a moment later. */
  isTransient(error: unknown): boolean;
  readonly signal: AbortSignal;
  /** Default 7. */
  readonly mostTries?: number;
}

/**
 * Does something until it succeeds, with a longer pause after each failure that may pass.
 * @throws the last failure, or the signal's reason
 */
export async function withRetries<T>(attempt: () => Promise<T>, retries: Retries): Promise<T> {
  const { signal, mostTries = MOST_TRIES } = retries;
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (tries >= mostTries || !retries.isTransient(error)) throw error;
    }
    await pause(backOffMs(tries), signal);
  }
}

/** Twice as long each time, and up to a quarter more so that clients spread out. */
export function backOffMs(failures: number): number {
  return Math.round(Math.min(MOST_MS, FIRST_MS * 2 ** (failures - 1)) * (1 + Math.random() / 4));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
