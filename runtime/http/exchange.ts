import type { IncomingMessage, ServerResponse } from "node:http";
import { ERROR_CATALOGUE, KtsError } from "../../contract/errors.ts";
import type { EncodedBody } from "../../protocol/body.ts";
import { decodeV1Request, encodeV1Response } from "../../protocol/v1.ts";
import { decodeV2Request, encodeV2Response, type V2Request } from "../../protocol/v2.ts";
import { predictionTensors } from "../../protocol/convert/index.ts";
import type { Timed } from "../deadlines.ts";
import type { Job, JobResult } from "../pipeline/executor.ts";
import type { ServedModel } from "../served-model.ts";
import type { CallSpan } from "../telemetry/tracing.ts";
import { type BodySink, type RequestBody, readBody } from "./body.ts";
import { type CompressedBody, acceptedCoding, bodyBytes, compress } from "./compress.ts";
import { type ContentCoding, contentCoding } from "./decompress.ts";
import { type ErrorAnswer, logFailure, toErrorAnswer } from "./errors.ts";
import { EventEnvelope, type OpenedBody } from "./event-envelope.ts";
import { freeBuffer } from "./free.ts";
import { httpResult, startHttpSpan } from "./http-span.ts";
import type { InferenceServices } from "./inference-services.ts";
import { callersRequestId, contentLength, jsonLengthOf, newRequestId } from "./request-head.ts";
import { type RawHeaders, refuseUnread, sendCompressed, sendEncoded, sendError } from "./respond.ts";
import type { InferenceRoute } from "./route-match.ts";

const PLAIN: RawHeaders = [];
const LAST: RawHeaders = ["Connection", "close"];
/** What an answer counts as that nobody was there to read. */
const LEFT = ERROR_CATALOGUE.KTS_CANCELLED.http;

/**
 * One inference request on its way: reads, decodes, runs, encodes, answers. Whatever happens first (the answer, a
 * failure, the deadline, the client's leaving) ends it, and what comes later is dropped.
 */
export class Exchange implements Timed, BodySink {
  deadlineAt = 0;
  previous: Timed | undefined;
  next: Timed | undefined;

  readonly #services: InferenceServices;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #route: InferenceRoute;
  readonly #startedAt = performance.now();
  readonly #callersId: string | undefined;
  readonly #abort = new AbortController();
  readonly #span: CallSpan | undefined;
  #model: ServedModel | undefined;
  #jsonLength: number | undefined;
  #body: RequestBody | undefined;
  #envelope: EventEnvelope | undefined;
  #v2: V2Request | undefined;
  #requestId: string | undefined;
  #bodyRead = false;
  /** False once the predictor has the tensors, which may be views of the body, until it has answered. */
  #bodyIsFree = true;
  #ended = false;

  constructor(services: InferenceServices, req: IncomingMessage, res: ServerResponse, route: InferenceRoute) {
    this.#services = services;
    this.#req = req;
    this.#res = res;
    this.#route = route;
    this.#callersId = callersRequestId(req.headers);
    const { tracing } = services;
    this.#span = tracing && startHttpSpan(tracing, req, route, this.#startedAt);
  }

  /** Starts. Checks in KServe's order: the model exists, is ready, the body is right. */
  start(): void {
    const { options, plane } = this.#services;
    const { headers } = this.#req;
    const { verb, model: name, version } = this.#route;
    try {
      const model = plane.findFor(verb, name, version);
      this.#model = model;
      model.metrics.inFlight++;
      this.#res.on("close", () => this.#closed());
      const coding = contentCoding(headers["content-encoding"]);
      if (this.#route.protocol === "v2") this.#jsonLength = jsonLengthOf(headers);
      const length = contentLength(headers, options.maxBodyBytes);
      if (headers.expect !== undefined) this.#res.writeContinue();
      const plan = { length, coding, jsonLength: this.#jsonLength, maxBytes: options.maxBodyBytes };
      readBody(this.#req, plan, this);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The deadline has passed. The answer does not wait for the predictor to notice. */
  expire(): void {
    const { timeoutMs } = (this.#model as ServedModel).deadlines;
    const error = new KtsError("KTS_DEADLINE_EXCEEDED", `The request took longer than ${timeoutMs} ms.`);
    this.#fail(error);
    this.#abort.abort(error);
  }

  bodyFailed(error: KtsError): void {
    this.#fail(error);
  }

  bodyRead(body: RequestBody): void {
    if (this.#ended) return freeBuffer(body.owner);
    const model = this.#model as ServedModel;
    this.#bodyRead = true;
    this.#body = body;
    model.deadlines.add(this, performance.now());
    this.#logPayload("request", this.#req.headers["content-type"], this.#jsonLength, [body.bytes]);
    try {
      const job = this.#decode(body);
      this.#bodyIsFree = false;
      this.#services.plane.infer(model, job, this.#abort.signal).then(
        (result) => this.#succeed(model, result),
        (error: unknown) => this.#ranIntoError(error),
      );
    } catch (error) {
      this.#ranIntoError(error);
    }
  }

  #decode({ bytes }: RequestBody): Job {
    const whole = { bytes, jsonLength: this.#jsonLength };
    const { envelope, decoded } = EventEnvelope.open(
      this.#req.headers,
      whole,
      this.#services.limits,
      (body) => (this.#route.protocol === "v1" ? this.#decodeV1(body) : this.#decodeV2(body)),
    );
    this.#envelope = envelope;
    return decoded;
  }

  #decodeV1(body: OpenedBody): Job {
    const { instances, parameters } = decodeV1Request(body.bytes, this.#services.limits);
    return this.#job({ kind: "instances", instances }, parameters);
  }

  #decodeV2(body: OpenedBody): Job {
    const request = decodeV2Request(body.bytes, body.jsonLength, this.#services.limits);
    this.#v2 = request;
    return this.#job({ kind: "tensors", tensors: request.tensors }, request.parameters);
  }

  #job(payload: Job["payload"], parameters: Job["parameters"]): Job {
    this.#requestId ??= this.#callersId ?? newRequestId();
    const headers = this.#req.headers as Record<string, string>;
    return {
      verb: this.#route.verb,
      protocol: this.#route.protocol,
      requestId: this.#requestId,
      headers: this.#span?.headersFor(headers) ?? headers,
      parameters,
      payload,
    };
  }

  #succeed(model: ServedModel, result: JobResult): void {
    this.#span?.ran(this.#route.verb, result.timings, performance.now());
    this.#bodyIsFree = true;
    if (this.#ended) return this.#release();
    let body: EncodedBody;
    let extra: RawHeaders = PLAIN;
    try {
      body = this.#encode(model, result);
      if (this.#envelope !== undefined) {
        ({ body, headers: extra } = this.#envelope.wrap(body, model.name, this.#services.options));
      }
    } catch (error) {
      return this.#ranIntoError(error);
    }
    this.#end();
    model.metrics.ran(this.#route.verb, result.timings);
    const coding = this.#answerCoding(body);
    if (coding === undefined) return this.#send(model, result, body, extra, undefined);
    const send = (compressed: CompressedBody | undefined) =>
      this.#send(model, result, body, extra, compressed);
    compress(coding, body).then(send, () => send(undefined));
  }

  /** The compression of an answer; undefined where the client wants none, or it is too small to gain by it. */
  #answerCoding(body: EncodedBody): ContentCoding | undefined {
    const { compressAboveBytes } = this.#services.options;
    const accepted = this.#req.headers["accept-encoding"];
    if (accepted === undefined || compressAboveBytes === 0) return undefined;
    return bodyBytes(body) > compressAboveBytes ? acceptedCoding(accepted as string) : undefined;
  }

  #send(
    model: ServedModel,
    result: JobResult,
    body: EncodedBody,
    extra: RawHeaders,
    compressed: CompressedBody | undefined,
  ): void {
    if (this.#res.destroyed) return this.#count(LEFT);
    this.#logPayload("response", body.contentType, body.jsonLength, [body.head, ...body.tail]);
    const headers = extra.length === 0 ? this.#extraHeaders() : [...extra, ...this.#extraHeaders()];
    if (compressed === undefined) sendEncoded(this.#res, body, headers);
    else sendCompressed(this.#res, body, compressed, headers);
    this.#count(200);
    if (this.#services.options.enableLatencyLogging) this.#logLatency(model, result);
  }

  #encode(model: ServedModel, { prediction }: JobResult): EncodedBody {
    const { options } = this.#services;
    const request = this.#v2;
    if (request === undefined) return encodeV1Response(prediction, this.#route.verb, options);
    const tensors =
      prediction.kind === "tensors" ? prediction.tensors : predictionTensors(prediction, model.info.outputs);
    return encodeV2Response(
      {
        modelName: model.name,
        modelVersion: model.version,
        id: request.id ?? (this.#callersId === undefined ? (this.#requestId as string) : newRequestId()),
        tensors,
      },
      request,
      options,
    );
  }

  /** After a failure the predictor may still be at work on the tensors: only a body it never had is freed. */
  #ranIntoError(error: unknown): void {
    this.#fail(error);
    this.#release();
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#end();
    const answer = toErrorAnswer(error);
    logFailure(this.#services.log, error, answer, {
      requestId: this.#requestId ?? this.#callersId,
      model: this.#route.model,
      trace_id: this.#span?.traceId,
    });
    this.#span?.failed(answer.body, answer.status >= 500);
    if (!this.#res.destroyed) this.#sendFailure(answer);
    this.#count(answer.status);
  }

  #sendFailure(answer: ErrorAnswer): void {
    const unread = !this.#bodyRead && !this.#req.complete;
    // A client that waits for "100 Continue" may or may not send its body after this answer: the connection is lost.
    const undecided = unread && this.#req.headers.expect !== undefined;
    if (unread && (answer.status === 413 || undecided)) refuseUnread(this.#req, this.#res, answer);
    else sendError(this.#res, answer, this.#extraHeaders());
  }

  #extraHeaders(): RawHeaders {
    const last = this.#services.lifecycle.closing;
    if (this.#callersId === undefined) return last ? LAST : PLAIN;
    const echo = ["X-Request-Id", this.#callersId];
    return last ? [...echo, ...LAST] : echo;
  }

  #end(): void {
    this.#ended = true;
    this.#model?.deadlines.remove(this);
  }

  /** The answer is out, or the connection is gone. */
  #closed(): void {
    const model = this.#model as ServedModel;
    model.metrics.inFlight--;
    if (!this.#ended) {
      const error = new KtsError("KTS_CANCELLED", "The client left before the answer.");
      this.#end();
      this.#count(error.status);
      this.#abort.abort(error);
    }
    this.#release();
  }

  /** Frees the body. Only when the predictor is done with its tensors and the answer, which may hold them, is out. */
  #release(): void {
    if (this.#body === undefined || !this.#bodyIsFree || !this.#res.closed) return;
    freeBuffer(this.#body.owner);
    this.#body = undefined;
  }

  #count(status: number): void {
    const { protocol, verb } = this.#route;
    this.#span?.end(httpResult(status, this.#requestId ?? this.#callersId));
    this.#model?.metrics.routes[protocol][verb].answered(status, performance.now() - this.#startedAt);
  }

  #logPayload(
    side: "request" | "response",
    contentType: string | undefined,
    jsonLength: number | undefined,
    parts: readonly (string | Uint8Array)[],
  ): void {
    const { payloadLog } = this.#services;
    if (payloadLog === undefined) return;
    this.#requestId ??= this.#callersId ?? newRequestId();
    const id = this.#req.headers["ce-id"] ?? this.#requestId;
    payloadLog[side]({ id: String(id), contentType, jsonLength, parts });
  }

  #logLatency(model: ServedModel, { timings }: JobResult): void {
    this.#services.log.info("request", {
      requestId: this.#requestId,
      model: model.name,
      trace_id: this.#span?.traceId,
      queue_ms: timings.queue,
      preprocess_ms: timings.preProcess,
      [`${this.#route.verb}_ms`]: timings.predict,
      postprocess_ms: timings.postProcess,
      total_ms: performance.now() - this.#startedAt,
    });
  }
}
