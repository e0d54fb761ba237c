import type { WindowResult } from "../load/window.ts";

/** About what a server can do. */
export interface Capacity {
  /** Right answers a second. */
  readonly perSecond: number;
  /** Requests under way meanwhile. */
  readonly atOnce: number;
}

/** A step up that gains less is none. */
const LEAST_GAIN = 1.08;
/** Steps without a gain after which no more is expected; one may be the machine's. */
const MOST_FLAT = 2;

/**
 * Doubles the requests under way until no more is answered for it.
 * @param measure a closed loop with so many at once
 * @param most requests at once
 */
export async function findCapacity(
  measure: (atOnce: number) => Promise<WindowResult>,
  most: number,
): Promise<Capacity> {
  let best: Capacity = { perSecond: 0, atOnce: 1 };
  let flat = 0;
  for (let atOnce = 1; atOnce <= most && flat < MOST_FLAT; atOnce *= 2) {
    const { rightWithin, seconds } = await measure(atOnce);
    const perSecond = rightWithin / seconds;
    flat = perSecond < best.perSecond * LEAST_GAIN ? flat + 1 : 0;
    if (perSecond > best.perSecond) best = { perSecond, atOnce };
  }
  return best;
}
