import type { Verb } from "../../contract/inference.ts";
import type { StageTimings } from "../pipeline/executor.ts";
import { Histogram, INSTANCE_BUCKETS } from "./histogram.ts";

/** What is counted for one way of asking a model: a protocol and a verb. */
export class RouteMetrics {
  readonly protocol: string;
  readonly verb: Verb;
  /** Answers by HTTP status; those over gRPC by the one that the same answer has over HTTP. */
  readonly answers = new Map<number, number>();
  readonly durationSeconds = new Histogram();
  /** Of those answered with a status of 400 or more. */
  failures = 0;
  failureSeconds = 0;

  constructor(protocol: string, verb: Verb) {
    this.protocol = protocol;
    this.verb = verb;
  }

  /** Counts an answer. */
  answered(status: number, durationMs: number): void {
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    this.durationSeconds.observe(durationMs / 1000);
    if (status < 400) return;
    this.failures++;
    this.failureSeconds += durationMs / 1000;
  }
}

/** What is counted over the life of a name, however often its model is loaded again. */
class LastingCounts {
  readonly preProcessSeconds = new Histogram();
  readonly predictSeconds = new Histogram();
  readonly explainSeconds = new Histogram();
  readonly postProcessSeconds = new Histogram();
  readonly queueSeconds = new Histogram();
  readonly instances = new Histogram(INSTANCE_BUCKETS);
  readonly routes = {
    v1: { predict: new RouteMetrics("v1", "predict"), explain: new RouteMetrics("v1", "explain") },
    v2: { predict: new RouteMetrics("v2", "predict"), explain: new RouteMetrics("v2", "explain") },
    "grpc-v2": {
      predict: new RouteMetrics("grpc-v2", "predict"),
      explain: new RouteMetrics("grpc-v2", "explain"),
    },
  };
  /** When a request was last answered by the predictor, in milliseconds since 1970; 0: never. */
  lastInferenceMs = 0;
}

/** What is counted for one model. Made when the model is registered, so that a request looks nothing up. */
export class ModelMetrics {
  readonly #lasting: LastingCounts;
  readonly preProcessSeconds: Histogram;
  readonly predictSeconds: Histogram;
  readonly explainSeconds: Histogram;
  readonly postProcessSeconds: Histogram;
  readonly queueSeconds: Histogram;
  readonly instances: Histogram;
  readonly routes: LastingCounts["routes"];
  /** Requests whose answer is not out yet. */
  inFlight = 0;
  loadSeconds = 0;

  /** @param previous of the model whose place this one takes: both count on where that one is, but for `inFlight` */
  constructor(previous?: ModelMetrics) {
    const lasting = previous === undefined ? new LastingCounts() : previous.#lasting;
    this.#lasting = lasting;
    this.preProcessSeconds = lasting.preProcessSeconds;
    this.predictSeconds = lasting.predictSeconds;
    this.explainSeconds = lasting.explainSeconds;
    this.postProcessSeconds = lasting.postProcessSeconds;
    this.queueSeconds = lasting.queueSeconds;
    this.instances = lasting.instances;
    this.routes = lasting.routes;
  }

  /** When a request was last answered by the predictor, in milliseconds since 1970; 0: never. */
  get lastInferenceMs(): number {
    return this.#lasting.lastInferenceMs;
  }

  /** Counts the stages of a request that the predictor answered. */
  ran(verb: Verb, timings: StageTimings): void {
    this.#lasting.lastInferenceMs = Date.now();
    this.queueSeconds.observe(timings.queue / 1000);
    this.preProcessSeconds.observe(timings.preProcess / 1000);
    (verb === "predict" ? this.predictSeconds : this.explainSeconds).observe(timings.predict / 1000);
    this.postProcessSeconds.observe(timings.postProcess / 1000);
  }
}
