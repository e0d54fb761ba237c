import type { Histogram } from "./histogram.ts";
import type { ModelMetrics, RouteMetrics } from "./model-metrics.ts";
import type { RunCounts } from "./run-counts.ts";

/** How often something happened, and how long that took in all. */
export interface StatisticDuration {
  readonly count: number;
  /** Nanoseconds. */
  readonly ns: number;
}

/** Runs of one batch size: what their requests' preProcess took, their predict (or explain), their postProcess. */
export interface BatchStatistics {
  readonly batch_size: number;
  readonly compute_input: StatisticDuration;
  readonly compute_infer: StatisticDuration;
  readonly compute_output: StatisticDuration;
}

/** What Triton's statistics extension says of one version of a model, its members by their names on the wire. */
export interface ModelStatistics {
  readonly name: string;
  /** Empty where the model has no versions. */
  readonly version: string;
  /** Milliseconds since 1970; 0: never. */
  readonly last_inference: number;
  /** Instances of the requests that went to the model. */
  readonly inference_count: number;
  /** Runs of the predictor. */
  readonly execution_count: number;
  readonly inference_stats: {
    /** Requests answered with a prediction, and those that failed, from their head to their answer. */
    readonly success: StatisticDuration;
    readonly fail: StatisticDuration;
    /** Waiting for a worker. */
    readonly queue: StatisticDuration;
    /** preProcess. */
    readonly compute_input: StatisticDuration;
    /** predict and explain. */
    readonly compute_infer: StatisticDuration;
    /** postProcess. */
    readonly compute_output: StatisticDuration;
    /** There is no cache of answers: always 0. */
    readonly cache_hit: StatisticDuration;
    readonly cache_miss: StatisticDuration;
  };
  /** Runs by their instances, the smallest first; up to 256 sizes. */
  readonly batch_stats: readonly BatchStatistics[];
}

const NONE: StatisticDuration = { count: 0, ns: 0 };

/**
 * A model's counts in the form of the statistics extension.
 * @param runs of the predictor, which several requests may share; undefined while it is not loaded
 */
export function statisticsOf(
  name: string,
  version: string | undefined,
  metrics: ModelMetrics,
  runs: RunCounts | undefined,
): ModelStatistics {
  const routes = Object.values(metrics.routes).flatMap((verbs): readonly RouteMetrics[] =>
    Object.values(verbs),
  );
  const total = sum(routes.map(({ durationSeconds }) => duration(durationSeconds)));
  const fail = sum(routes.map((route) => ({ count: route.failures, ns: nanoseconds(route.failureSeconds) })));
  const infer = sum([duration(metrics.predictSeconds), duration(metrics.explainSeconds)]);
  return {
    name,
    version: version ?? "",
    last_inference: metrics.lastInferenceMs,
    inference_count: metrics.instances.sum,
    execution_count: runs?.sizes.count ?? infer.count,
    inference_stats: {
      success: { count: total.count - fail.count, ns: Math.max(0, total.ns - fail.ns) },
      fail,
      queue: duration(metrics.queueSeconds),
      compute_input: duration(metrics.preProcessSeconds),
      compute_infer: infer,
      compute_output: duration(metrics.postProcessSeconds),
      cache_hit: NONE,
      cache_miss: NONE,
    },
    batch_stats: runs?.bySize ?? [],
  };
}

function duration(histogram: Histogram): StatisticDuration {
  return { count: histogram.count, ns: nanoseconds(histogram.sum) };
}

function sum(durations: readonly StatisticDuration[]): StatisticDuration {
  return durations.reduce(
    (total, { count, ns }) => ({ count: total.count + count, ns: total.ns + ns }),
    NONE,
  );
}

function nanoseconds(seconds: number): number {
  return Math.round(seconds * 1e9);
}
