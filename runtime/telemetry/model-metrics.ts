import type { Verb } from "../../contract/inference.ts";
import type { StageTimings } from "../pipeline/executor.ts";
import { Histogram, INSTANCE_BUCKETS } from "./histogram.ts";

/** What is counted for one way of asking a model: a protocol and a verb. */
export class RouteMetrics {
  readonly protocol: string;
  readonly verb: Verb;
  /** Answers by HTTP status. */
  readonly answers = new Map<number, number>();
  readonly durationSeconds = new Histogram();

  constructor(protocol: string, verb: Verb) {
    this.protocol = protocol;
    this.verb = verb;
  }

  /** Counts an answer. */
  answered(status: number, durationMs: number): void {
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    this.durationSeconds.observe(durationMs / 1000);
  }
}

/** What is counted for one model. Made when the model is registered, so that a request looks nothing up. */
export class ModelMetrics {
  readonly preProcessSeconds = new Histogram();
  readonly predictSeconds = new Histogram();
  readonly explainSeconds = new Histogram();
  readonly postProcessSeconds = new Histogram();
  readonly queueSeconds = new Histogram();
  readonly instances = new Histogram(INSTANCE_BUCKETS);
  readonly routes = {
    v1: { predict: new RouteMetrics("v1", "predict"), explain: new RouteMetrics("v1", "explain") },
    v2: { predict: new RouteMetrics("v2", "predict"), explain: new RouteMetrics("v2", "explain") },
  };
  /** Requests whose answer is not out yet. */
  inFlight = 0;
  loadSeconds = 0;

  /** Counts the stages of a request that the predictor answered. */
  ran(verb: Verb, timings: StageTimings): void {
    this.queueSeconds.observe(timings.queue / 1000);
    this.preProcessSeconds.observe(timings.preProcess / 1000);
    (verb === "predict" ? this.predictSeconds : this.explainSeconds).observe(timings.predict / 1000);
    this.postProcessSeconds.observe(timings.postProcess / 1000);
  }
}
