import type { AggregatorRegistry, Registry } from "prom-client";
import type { PredictorLog } from "../../contract/predictor.ts";
import type { ExecutorLoad } from "../pipeline/executor.ts";
import type { EventLoopMonitor } from "./event-loop.ts";
import type { Histogram } from "./histogram.ts";
import type { ModelMetrics, RouteMetrics } from "./model-metrics.ts";
import type { PayloadCounts } from "./payload-log.ts";

/** A model as its metrics are read. */
export interface MeteredModel {
  readonly name: string;
  /** Undefined where the model has no versions. */
  readonly version?: string | undefined;
  readonly metrics: ModelMetrics;
  readonly ready: boolean;
  /** Undefined while the model is not loaded. */
  readonly load: ExecutorLoad | undefined;
  /** Instances of each run; undefined while the model is not loaded. */
  readonly batchSizes: Histogram | undefined;
  /** The predictor's own metrics of each worker. */
  userMetrics(): Promise<readonly unknown[]>;
}

/** `/metrics` as text. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

type Labels = Record<string, string | number>;

interface Value {
  readonly value: number;
  readonly labels: Labels;
  /** A histogram's `_bucket`, `_sum` and `_count` lines; a plain metric's own name otherwise. */
  readonly metricName?: string;
}

/**
 * Everything the server counts, in Prometheus' text format. prom-client is loaded by the first reading: it costs
 * 20 ms, which a cold start is better without.
 */
export class MetricsPage {
  readonly #models: () => readonly MeteredModel[];
  readonly #eventLoop: () => EventLoopMonitor | undefined;
  readonly #payloadCounts: () => PayloadCounts | undefined;
  readonly #log: PredictorLog;
  readonly #clashes = new Set<string>();
  #registry: Promise<Registry> | undefined;

  constructor(sources: {
    models: () => readonly MeteredModel[];
    eventLoop: () => EventLoopMonitor | undefined;
    /** Undefined where payloads are not logged. */
    payloadCounts: () => PayloadCounts | undefined;
    log: PredictorLog;
  }) {
    this.#models = sources.models;
    this.#eventLoop = sources.eventLoop;
    this.#payloadCounts = sources.payloadCounts;
    this.#log = sources.log;
  }

  /** Reads every metric, the predictors' own included. */
  async read(): Promise<Exposition> {
    this.#registry ??= this.#createRegistry();
    const registry = await this.#registry;
    const [own, users] = await Promise.all([registry.metrics(), this.#readUserMetrics(registry)]);
    return { contentType: registry.contentType, text: users === "" ? own : `${own}\n${users}` };
  }

  async #createRegistry(): Promise<Registry> {
    const { default: prometheus } = await import("prom-client");
    const registry = new prometheus.Registry();
    prometheus.collectDefaultMetrics({ register: registry });
    // Ours says the same; these are nonsense until their first interval has passed.
    for (const { name } of registry.getMetricsAsArray()) {
      if (name.startsWith("nodejs_eventloop_lag")) registry.removeSingleMetric(name);
    }
    const add = (name: string, type: string, help: string, values: () => Value[]) => {
      // What prom-client asks of a metric is a name and a `get`; its own classes would count a second time.
      const metric = { name, get: () => ({ name, help, type, values: values(), aggregator: "sum" }) };
      registry.registerMetric(metric as unknown as Parameters<Registry["registerMetric"]>[0]);
    };
    this.#addKserveMetrics(add);
    this.#addServerMetrics(add);
    return registry;
  }

  /** The four histograms of the KServe Python server: dashboards know them by name. */
  #addKserveMetrics(add: AddMetric): void {
    const stages = [
      ["request_preprocess_seconds", "pre-process request latency", "preProcessSeconds"],
      ["request_predict_seconds", "predict request latency", "predictSeconds"],
      ["request_explain_seconds", "explain request latency", "explainSeconds"],
      ["request_postprocess_seconds", "post-process request latency", "postProcessSeconds"],
    ] as const;
    for (const [name, help, key] of stages) {
      add(name, "histogram", help, () =>
        this.#perModel((model, labels) => histogramValues(name, model.metrics[key], labels)),
      );
    }
  }

  #addServerMetrics(add: AddMetric): void {
    const histogram = (name: string, help: string, key: "queueSeconds" | "instances") =>
      add(name, "histogram", help, () =>
        this.#perModel((model, labels) => histogramValues(name, model.metrics[key], labels)),
      );
    const gauge = (name: string, help: string, read: (model: MeteredModel) => number | undefined) =>
      add(name, "gauge", help, () =>
        this.#perModel((model, labels) => {
          const value = read(model);
          return value === undefined ? [] : [{ value, labels }];
        }),
      );
    const duration = "kserve_ts_request_duration_seconds";
    add("kserve_ts_requests_total", "counter", "Answers by protocol, verb and HTTP status", () =>
      this.#perRoute(answerValues),
    );
    add(duration, "histogram", "Time from a request's head to its answer", () =>
      this.#perRoute((route, labels) =>
        route.answers.size === 0 ? [] : histogramValues(duration, route.durationSeconds, labels),
      ),
    );
    histogram("kserve_ts_queue_seconds", "Time a request waited for a worker", "queueSeconds");
    histogram("kserve_ts_request_instances", "Instances of a request", "instances");
    const batchSize = "kserve_ts_batch_size";
    add(batchSize, "histogram", "Instances of a run of the model, of one request or several", () =>
      this.#perModel(({ batchSizes }, labels) =>
        batchSizes === undefined ? [] : histogramValues(batchSize, batchSizes, labels),
      ),
    );
    gauge("kserve_ts_queue_size", "Requests that wait for a worker", (model) => model.load?.queued);
    gauge("kserve_ts_running", "Requests that a worker has", (model) => model.load?.running);
    gauge("kserve_ts_workers", "Workers that can take requests", (model) => model.load?.workers);
    gauge("kserve_ts_in_flight_requests", "Requests not answered yet", (model) => model.metrics.inFlight);
    gauge("kserve_ts_model_ready", "1 when the model can answer", (model) => Number(model.ready));
    gauge("kserve_ts_model_load_seconds", "Time the model's load took", (model) => model.metrics.loadSeconds);
    add("kserve_ts_payload_log_events_total", "counter", "Payloads logged, by what became of them", () =>
      Object.entries(this.#payloadCounts() ?? {}).map(([outcome, value]) => ({ value, labels: { outcome } })),
    );
    add("kserve_ts_event_loop_delay_seconds", "gauge", "Event loop delay since the last reading", () => {
      const delay = this.#eventLoop()?.read();
      if (delay === undefined) return [];
      return [
        { value: delay.median, labels: { quantile: "0.5" } },
        { value: delay.p99, labels: { quantile: "0.99" } },
        { value: delay.max, labels: { quantile: "1" } },
      ];
    });
  }

  #perModel(read: (model: MeteredModel, labels: Labels) => readonly Value[]): Value[] {
    return this.#models().flatMap((model) => {
      const { name, version } = model;
      return read(
        model,
        version === undefined ? { model_name: name } : { model_name: name, model_version: version },
      );
    });
  }

  #perRoute(read: (route: RouteMetrics, labels: Labels) => readonly Value[]): Value[] {
    return this.#perModel((model, labels) => {
      const { v1, v2, "grpc-v2": grpc } = model.metrics.routes;
      return [v1.predict, v1.explain, v2.predict, grpc.predict].flatMap((route) =>
        read(route, { ...labels, protocol: route.protocol, verb: route.verb }),
      );
    });
  }

  /** The predictors' metrics, added up over their workers. A name that is ours already is left out. */
  async #readUserMetrics(own: Registry): Promise<string> {
    const perWorker = (await Promise.all(this.#models().map((model) => model.userMetrics()))).flat();
    if (perWorker.length === 0) return "";
    const { default: prometheus } = await import("prom-client");
    const total = prometheus.AggregatorRegistry.aggregate(
      perWorker as Parameters<typeof AggregatorRegistry.aggregate>[0],
    ) as Registry;
    for (const { name } of await total.getMetricsAsJSON()) {
      if (own.getSingleMetric(name) === undefined) continue;
      total.removeSingleMetric(name);
      if (this.#clashes.has(name)) continue;
      this.#clashes.add(name);
      this.#log.warn(`the predictor's metric ${name} is left out: the server has one of that name`);
    }
    return total.getMetricsAsArray().length === 0 ? "" : total.metrics();
  }
}

type AddMetric = (name: string, type: string, help: string, values: () => Value[]) => void;

function answerValues(route: RouteMetrics, labels: Labels): Value[] {
  return [...route.answers].map(([status, value]) => ({ value, labels: { ...labels, status } }));
}

function histogramValues(name: string, histogram: Histogram, labels: Labels): Value[] {
  let upTo = 0;
  const buckets = [...histogram.counts].map((count, index) => {
    upTo += count;
    return {
      value: upTo,
      labels: { ...labels, le: bucketLabel(histogram, index) },
      metricName: `${name}_bucket`,
    };
  });
  return [
    ...buckets,
    { value: histogram.sum, labels, metricName: `${name}_sum` },
    { value: upTo, labels, metricName: `${name}_count` },
  ];
}

function bucketLabel(histogram: Histogram, index: number): string {
  const bound = histogram.bounds[index];
  return bound === undefined ? "+Inf" : String(bound);
}
