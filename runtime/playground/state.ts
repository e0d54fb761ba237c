import type { ServedModel } from "../served-model.ts";
import type { Histogram } from "../telemetry/histogram.ts";
import type { ModelMetrics, RouteMetrics } from "../telemetry/model-metrics.ts";
import type { Buckets, ModelView } from "./wire.ts";

/** What the page learns of a model. */
export function modelView(model: ServedModel): ModelView {
  const { metrics, load } = model;
  const info = load === undefined ? undefined : model.info;
  const routes = routesOf(metrics);
  return {
    name: model.name,
    version: model.version,
    ready: model.ready,
    reason: model.notReadyReason,
    platform: info?.platform ?? "",
    inputs: info?.inputs ?? [],
    outputs: info?.outputs ?? [],
    explains: info?.explains ?? false,
    queued: load?.queued ?? 0,
    running: load?.running ?? 0,
    workers: load?.workers ?? 0,
    inFlight: metrics.inFlight,
    requests: total(routes.map(({ durationSeconds }) => durationSeconds.count)),
    failures: total(routes.map(({ failures }) => failures)),
    batches: bucketsOf(model.batchSizes),
  };
}

function routesOf({ routes }: ModelMetrics): readonly RouteMetrics[] {
  return Object.values(routes).flatMap((verbs): readonly RouteMetrics[] => Object.values(verbs));
}

function bucketsOf(histogram: Histogram | undefined): Buckets {
  return { bounds: histogram?.bounds ?? [], counts: [...(histogram?.counts ?? [])] };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
