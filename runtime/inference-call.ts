import { KtsError } from "../contract/errors.ts";
import type { Payload, Prediction, Protocol, Verb } from "../contract/inference.ts";
import type { NamedTensor } from "../contract/inference.ts";
import { predictionTensors } from "../protocol/convert/index.ts";
import type { Timed } from "./deadlines.ts";
import type { InferenceServices } from "./http/inference-services.ts";
import { newRequestId } from "./http/request-head.ts";
import type { Job, JobResult, StageTimings } from "./pipeline/executor.ts";
import type { RecentRequests } from "./playground/recent-requests.ts";
import type { ServedModel } from "./served-model.ts";
import type { CallAttributes, CallSpan } from "./telemetry/tracing.ts";

/** What an inference request asks for. */
export interface InferenceTarget {
  readonly protocol: Protocol;
  readonly verb: Verb;
  readonly model: string;
  /** The version it names, if it does. */
  readonly version: string | undefined;
}

/** Where the answers of a stream go. */
export interface AnswerSink<Answer> {
  /** Sends the next. @returns what to wait for before another; undefined: nothing */
  send(answer: Answer): Promise<void> | undefined;
  /** There are no more. It tells `InferenceCall.answered`. */
  end(): void;
}

/**
 * One inference request on its way, whatever carries it: deadline, abort, metrics, log. Whatever happens first (the
 * answer, a failure, the deadline, the client's leaving) ends it, and what comes later is dropped. A transport
 * extends it by how requests are read and answers sent.
 */
export abstract class InferenceCall<Answer> implements Timed {
  deadlineAt = 0;
  previous: Timed | undefined;
  next: Timed | undefined;

  protected readonly services: InferenceServices;
  /** The request id that the caller gave. */
  protected readonly callersId: string | undefined;
  /** Undefined while it is not known. */
  protected target: InferenceTarget | undefined;
  /** By `performance.now()`. */
  protected readonly startedAt = performance.now();
  /** Set by the transport, where tracing is on. */
  protected span: CallSpan | undefined;
  readonly #abort = new AbortController();
  #model: ServedModel | undefined;
  #requestId: string | undefined;
  #answerId: string | undefined;
  #timings: StageTimings | undefined;
  #predictorHasInputs = false;
  #ended = false;

  constructor(services: InferenceServices, callersId: string | undefined) {
    this.services = services;
    this.callersId = callersId;
  }

  /** Writes a prediction in the transport's form. What it throws becomes the answer. */
  protected abstract encode(model: ServedModel, prediction: Prediction): Answer;
  /** Sends what `encode` wrote, and calls `answered` when that is done: now or later. */
  protected abstract sendAnswer(answer: Answer): void;
  /** Sends a failure and logs it with `failureFields`. @returns the HTTP status that it is counted by */
  protected abstract sendFailure(error: unknown): number;
  /** What a span learns of the end of the call. */
  protected abstract spanResult(status: number): CallAttributes;
  /** Gives the memory of the request back, if the answer, which may show it, is out. */
  protected abstract releaseInputs(): void;

  /** Nothing is to be sent any more. */
  protected get ended(): boolean {
    return this.#ended;
  }

  /** The predictor may look at the request's memory. After a failure it may be at it for as long as it likes. */
  protected get predictorHasInputs(): boolean {
    return this.#predictorHasInputs;
  }

  /**
   * Finds the target's model. From here on the request counts as in flight, until `closed`.
   * @throws KtsError KTS_MODEL_NOT_FOUND, KTS_MODEL_NOT_READY, KTS_NOT_IMPLEMENTED
   */
  protected admit(target: InferenceTarget): void {
    this.target = target;
    const model = this.services.plane.findFor(target.verb, target.model, target.version);
    this.#model = model;
    model.metrics.inFlight++;
  }

  /** The model that was admitted. */
  protected get admitted(): ServedModel {
    return this.#model as ServedModel;
  }

  /** The request is all there: from now on it has the model's time to be answered. */
  protected startClock(): void {
    this.#model?.deadlines.add(this, performance.now());
  }

  /** Runs the admitted model. Failures become the answer. */
  protected run(
    payload: Payload,
    parameters: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>>,
  ): void {
    const model = this.#model as ServedModel;
    const job = this.#jobOf(payload, parameters, headers);
    this.services.plane.infer(model, job, this.#abort.signal).then(
      (result) => this.#succeed(model, result),
      (error: unknown) => this.ranIntoError(error),
    );
  }

  /**
   * Runs the admitted model and sends each of its answers as it comes, at the sink's pace. A failure before the first
   * becomes the answer, a later one ends the stream: `sendFailure` sees to either.
   */
  protected runStream(
    payload: Payload,
    parameters: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>>,
    sink: AnswerSink<Answer>,
  ): void {
    const job = this.#jobOf(payload, parameters, headers);
    this.#forward(job, sink).catch((error: unknown) => this.ranIntoError(error));
  }

  async #forward(job: Job, sink: AnswerSink<Answer>): Promise<void> {
    const model = this.#model as ServedModel;
    const stream = this.services.plane.inferStream(model, job, this.#abort.signal);
    for await (const prediction of stream) {
      // Leaving the loop ends the stream, and so does an answer that cannot be encoded.
      if (this.#ended) return;
      await sink.send(this.encode(model, prediction));
    }
    this.#ran(stream.timings);
    if (this.#ended) return this.releaseInputs();
    this.#finish(model, stream.timings);
    sink.end();
  }

  #jobOf(
    payload: Payload,
    parameters: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>>,
  ): Job {
    const { protocol, verb } = this.target as InferenceTarget;
    const { requestId } = this;
    this.#predictorHasInputs = true;
    return { verb, protocol, requestId, headers, parameters, payload, deadlineAt: this.deadlineAt };
  }

  /** The caller's id of the request, else one of ours. */
  protected get requestId(): string {
    this.#requestId ??= this.callersId ?? newRequestId();
    return this.#requestId;
  }

  /** The request's id where it has one by now. */
  protected get knownRequestId(): string | undefined {
    return this.#requestId ?? this.callersId;
  }

  /** The id of a V2 answer: the request's own, else one that no other request's answer has. */
  protected answerId(given: string | undefined): string {
    if (given !== undefined) return given;
    this.#answerId ??= this.callersId === undefined ? this.requestId : newRequestId();
    return this.#answerId;
  }

  /** A prediction as tensors. */
  protected tensorsOf(model: ServedModel, prediction: Prediction): readonly NamedTensor[] {
    if (prediction.kind === "tensors") return prediction.tensors;
    return predictionTensors(prediction, model.info.outputs);
  }

  /** The deadline has passed. The answer does not wait for the predictor to notice. */
  expire(): void {
    this.expireAfter((this.#model as ServedModel).deadlines.timeoutMs);
  }

  /** A deadline of so many milliseconds has passed. */
  protected expireAfter(timeoutMs: number): void {
    const error = new KtsError("KTS_DEADLINE_EXCEEDED", `The request took longer than ${timeoutMs} ms.`);
    this.fail(error);
    this.#abort.abort(error);
  }

  #succeed(model: ServedModel, result: JobResult): void {
    this.#ran(result.timings);
    if (this.#ended) return this.releaseInputs();
    let answer: Answer;
    try {
      answer = this.encode(model, result.prediction);
    } catch (error) {
      return this.ranIntoError(error);
    }
    this.#finish(model, result.timings);
    this.sendAnswer(answer);
  }

  /** The predictor is done with the request. */
  #ran(timings: StageTimings): void {
    this.span?.ran((this.target as InferenceTarget).verb, timings, performance.now());
    this.#predictorHasInputs = false;
  }

  /** All there is to send is there. */
  #finish(model: ServedModel, timings: StageTimings): void {
    this.#end();
    model.metrics.ran((this.target as InferenceTarget).verb, timings);
    this.#timings = timings;
  }

  /**
   * An answer is out, or nobody was there any more to read it.
   * @param status the HTTP status that it counts as
   */
  protected answered(status: number): void {
    this.#count(status);
    if (status === 200 && this.services.options.enableLatencyLogging) this.#logLatency();
  }

  /** Fails after the request was read. Only memory that the predictor never had is given back. */
  protected ranIntoError(error: unknown): void {
    this.fail(error);
    this.releaseInputs();
  }

  protected fail(error: unknown): void {
    if (this.#ended) return;
    this.#end();
    this.#count(this.sendFailure(error), error);
  }

  /** What the log says of a failure beside its message. */
  protected get failureFields(): Readonly<Record<string, unknown>> {
    return { requestId: this.knownRequestId, model: this.target?.model, trace_id: this.span?.traceId };
  }

  #end(): void {
    this.#ended = true;
    this.#model?.deadlines.remove(this);
  }

  /** The answer is out, or the connection is gone. */
  protected closed(): void {
    const model = this.#model;
    if (model !== undefined) model.metrics.inFlight--;
    if (!this.#ended) {
      const error = new KtsError("KTS_CANCELLED", "The client left before the answer.");
      this.#end();
      this.#count(error.status, error);
      this.#abort.abort(error);
    }
    this.releaseInputs();
  }

  /** @param error why it failed */
  #count(status: number, error?: unknown): void {
    this.span?.end(this.spanResult(status));
    if (this.services.recent !== undefined) this.#remember(this.services.recent, status, error);
    if (this.#model === undefined) return;
    const { protocol, verb } = this.target as InferenceTarget;
    this.#model.metrics.routes[protocol][verb].answered(status, performance.now() - this.startedAt);
  }

  #remember(recent: RecentRequests, status: number, error: unknown): void {
    recent.add({
      id: this.requestId,
      target: this.target,
      status,
      totalMs: performance.now() - this.startedAt,
      timings: this.#timings,
      error,
    });
  }

  #logLatency(): void {
    const { verb, model } = this.target as InferenceTarget;
    const timings = this.#timings as StageTimings;
    this.services.log.info("request", {
      requestId: this.#requestId,
      model,
      trace_id: this.span?.traceId,
      queue_ms: timings.queue,
      preprocess_ms: timings.preProcess,
      [`${verb}_ms`]: timings.predict,
      postprocess_ms: timings.postProcess,
      total_ms: performance.now() - this.startedAt,
    });
  }
}
