import type { Registry } from "prom-client";
import type { Protocol, Verb } from "../../contract/inference.ts";
import type { PredictorLog, RequestBatch, RequestContext } from "../../contract/predictor.ts";
import type { BoundRemote, RemoteModel } from "../remote/remote-model.ts";
import type { Job } from "./executor.ts";
import { type LogSink, createPredictorLog } from "./predictor-log.ts";
import type { UserMetrics } from "./user-metrics.ts";

/** What has a signal, made at the latest when it is read: an AbortController, or a job that makes one then. */
export interface SignalSource {
  readonly signal: AbortSignal;
}

/** What is the same for every call of a predictor. */
export interface PredictorHost {
  readonly modelName: string;
  readonly log: LogSink;
  readonly metrics: UserMetrics;
  /** The predictor of a transformer; undefined where the model is here. */
  readonly remote: RemoteModel | undefined;
}

/** `ctx` of one request. What costs to make is made when it is read. */
export class CallContext implements RequestContext {
  readonly requestId: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly protocol: Protocol;
  readonly verb: Verb;
  readonly modelName: string;
  readonly batch: RequestBatch | undefined;
  readonly #job: Job;
  readonly #host: PredictorHost;
  readonly #abort: SignalSource;
  #headers: Readonly<Record<string, string>> | undefined;
  #remote: BoundRemote | undefined;

  constructor(job: Job, abort: SignalSource, host: PredictorHost, batch?: RequestBatch) {
    this.requestId = job.requestId;
    this.parameters = job.parameters;
    this.protocol = job.protocol;
    this.verb = job.verb;
    this.modelName = host.modelName;
    this.batch = batch;
    this.#job = job;
    this.#host = host;
    this.#abort = abort;
  }

  /** A job that came from another thread parses them when they are read. */
  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= this.#job.headers;
    return this.#headers;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get log(): PredictorLog {
    const { log, modelName } = this.#host;
    return createPredictorLog(log, { model: modelName, requestId: this.requestId });
  }

  get metrics(): Registry {
    return this.#host.metrics.registry;
  }

  get remote(): BoundRemote | undefined {
    this.#remote ??= this.#host.remote?.forRequest(this);
    return this.#remote;
  }
}
