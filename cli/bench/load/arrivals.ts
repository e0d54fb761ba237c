/** How requests follow each other. `poisson`: as those of many independent callers; `constant`: evenly. */
export type ArrivalKind = "poisson" | "constant";

/**
 * Times at which requests are due, in milliseconds from the start of the load, without an end. They are fixed beforehand
 * by the rate alone: how fast the server answers moves none of them.
 * @param random draws from 0 to 1
 */
export function createArrivals(kind: ArrivalKind, perSecond: number, random: () => number): () => number {
  const gapMs = 1000 / perSecond;
  let count = 0;
  let atMs = 0;
  if (kind === "constant") return () => gapMs * count++;
  return () => (atMs += -Math.log(1 - random()) * gapMs);
}
