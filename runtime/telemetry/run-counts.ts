import { Histogram, INSTANCE_BUCKETS } from "./histogram.ts";
import type { BatchStatistics, StatisticDuration } from "./statistics.ts";

/**
 * Sizes that are told apart. Batches have few; but a request alone may have any number of instances, and what clients
 * send must not fill the memory.
 */
const MOST_SIZES = 256;

/** What the runs of one size took in all, in milliseconds. */
interface SizeTotals {
  runs: number;
  inputMs: number;
  inferMs: number;
  outputMs: number;
}

/** The stages of one request, as far as they are the predictor's, in milliseconds. */
export interface RunStages {
  readonly preProcess: number;
  readonly predict: number;
  readonly postProcess: number;
}

/** Counts a model's runs by their instances. */
export class RunCounts {
  /** Instances of each run. */
  readonly sizes = new Histogram(INSTANCE_BUCKETS);
  readonly #totals = new Map<number, SizeTotals>();

  /**
   * Counts a request's part in a run.
   * @param rows instances of the whole run
   * @param leads whether the run itself counts with this request: it does with one of those that shared it
   */
  observe({ preProcess, predict, postProcess }: RunStages, rows: number, leads: boolean): void {
    if (rows <= 0) return;
    if (leads) this.sizes.observe(rows);
    const totals = this.#totalsOf(rows);
    if (totals === undefined) return;
    totals.inputMs += preProcess;
    totals.outputMs += postProcess;
    if (!leads) return;
    totals.runs++;
    totals.inferMs += predict;
  }

  #totalsOf(rows: number): SizeTotals | undefined {
    const known = this.#totals.get(rows);
    if (known !== undefined || this.#totals.size >= MOST_SIZES) return known;
    const totals = { runs: 0, inputMs: 0, inferMs: 0, outputMs: 0 };
    this.#totals.set(rows, totals);
    return totals;
  }

  /** By size, the smallest first; the first 256 sizes that came. */
  get bySize(): readonly BatchStatistics[] {
    return [...this.#totals]
      .toSorted(([one], [other]) => one - other)
      .map(([size, { runs, inputMs, inferMs, outputMs }]) => ({
        batch_size: size,
        compute_input: duration(runs, inputMs),
        compute_infer: duration(runs, inferMs),
        compute_output: duration(runs, outputMs),
      }));
  }
}

function duration(count: number, ms: number): StatisticDuration {
  return { count, ns: Math.round(ms * 1e6) };
}
