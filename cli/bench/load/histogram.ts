/** Bits of a value that are kept: a value is told within 0.8 percent. */
const PRECISION_BITS = 7;
const STEPS = 2 ** PRECISION_BITS;
const MAX_MICROSECONDS = 2 ** 31 - 1;
const BUCKETS = (31 - PRECISION_BITS) * STEPS + STEPS;

/**
 * Counts durations from a microsecond to half an hour in buckets whose width grows with the value, so that any number of
 * them takes the same little memory. Up to 256 us buckets are a microsecond wide, above that 0.8 percent of the value.
 * The least, the greatest and the sum are kept exactly.
 */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #minMs = Infinity;
  #maxMs = 0;

  /** @param ms below zero, as a clock may say that steps back, counts as zero */
  record(ms: number): void {
    const value = Math.max(0, ms);
    const bucket = bucketOf(Math.min(MAX_MICROSECONDS, Math.round(value * 1000)));
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#count++;
    this.#sumMs += value;
    this.#minMs = Math.min(this.#minMs, value);
    this.#maxMs = Math.max(this.#maxMs, value);
  }

  /** Adds all that another one has counted. */
  add(other: Histogram): void {
    for (const [bucket, count] of other.#counts.entries()) {
      if (count > 0) this.#counts[bucket] = (this.#counts[bucket] as number) + count;
    }
    this.#count += other.#count;
    this.#sumMs += other.#sumMs;
    this.#minMs = Math.min(this.#minMs, other.#minMs);
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  get count(): number {
    return this.#count;
  }

  /** NaN while nothing is counted, as the others. */
  get meanMs(): number {
    return this.#sumMs / this.#count;
  }

  get minMs(): number {
    return this.#count === 0 ? NaN : this.#minMs;
  }

  get maxMs(): number {
    return this.#count === 0 ? NaN : this.#maxMs;
  }

  /**
   * The value that a share of all values does not exceed.
   * @param share above 0, at most 1: 0.99 for the p99
   */
  quantileMs(share: number): number {
    if (this.#count === 0) return NaN;
    const rank = Math.max(1, Math.ceil(this.#count * share));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] as number;
      // What is in a bucket is at most its upper end; none of it is beyond what was really seen.
      if (seen >= rank) return Math.min(this.#maxMs, Math.max(this.#minMs, upperEnd(bucket) / 1000));
    }
    return this.#maxMs;
  }
}

/** The bucket of a count of microseconds: its highest bits, and how far they are shifted. */
function bucketOf(microseconds: number): number {
  const shift = Math.max(0, 31 - Math.clz32(microseconds) - PRECISION_BITS);
  return shift * STEPS + (microseconds >>> shift);
}

/** The greatest count of microseconds in a bucket. */
function upperEnd(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / STEPS) - 1);
  return (bucket - shift * STEPS + 1) * 2 ** shift - 1;
}
