/** Bucket bounds of the Prometheus client libraries, which KServe's dashboards expect. Seconds. */
export const DEFAULT_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Bucket bounds of what is counted in instances. */
export const INSTANCE_BUCKETS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Counts values by bucket. Costs a few nanoseconds a value; Prometheus' text is made of it when it is asked for. */
export class Histogram {
  readonly bounds: readonly number[];
  /** How many values fell between a bound and the one before it; the last, above all of them. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[] = DEFAULT_BUCKETS) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index++;
    counts[index] = (counts[index] as number) + 1;
    this.sum += value;
  }

  get count(): number {
    return this.counts.reduce((total, count) => total + count, 0);
  }
}
