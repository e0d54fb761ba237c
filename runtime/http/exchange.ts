import { ERROR_CATALOGUE, InvalidInput, type KtsError } from "../../contract/errors.ts";
import type { Payload, Prediction } from "../../contract/inference.ts";
import type { EncodedBody } from "../../protocol/body.ts";
import { generatedText, textTensors } from "../../protocol/convert/index.ts";
import { decodeV1Request, encodeV1Response } from "../../protocol/v1.ts";
import {
  type V2Request,
  decodeGenerateRequest,
  decodeV2Request,
  encodeGenerateResponse,
  encodeV2Response,
} from "../../protocol/v2.ts";
import { type AnswerSink, InferenceCall } from "../inference-call.ts";
import type { ServedModel } from "../served-model.ts";
import type { CallAttributes } from "../telemetry/tracing.ts";
import type { BodySink, RequestBody } from "./body.ts";
import type { CarriedAnswer, CarriedRequest } from "./carrier.ts";
import { type CompressedBody, acceptedCoding, bodyBytes, compress } from "./compress.ts";
import { type ContentCoding, contentCoding } from "./decompress.ts";
import { type ErrorAnswer, logFailure, toErrorAnswer } from "./errors.ts";
import { EventEnvelope, type OpenedBody } from "./event-envelope.ts";
import type { EventStream } from "./event-stream.ts";
import { freeBuffer } from "./free.ts";
import { httpResult, startHttpSpan } from "./http-span.ts";
import type { InferenceServices } from "./inference-services.ts";
import { callersRequestId, contentLength, jsonLengthOf } from "./request-head.ts";
import { type RawHeaders, sendCompressed, sendEncoded, sendError } from "./respond.ts";
import type { InferenceRoute, RouteAction } from "./route-match.ts";

const PLAIN: RawHeaders = [];
const LAST: RawHeaders = ["Connection", "close"];
/** What an answer counts as that nobody was there to read. */
const LEFT = ERROR_CATALOGUE.KTS_CANCELLED.http;

/** A request as the predictor takes it. */
interface DecodedRequest {
  readonly payload: Payload;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** An answer, and the headers that go with it. */
interface EncodedAnswer {
  readonly body: EncodedBody;
  readonly headers: RawHeaders;
}

/** One inference request over HTTP/1.1: reads and decodes its body, encodes and sends the answer, or a stream of them. */
export class Exchange extends InferenceCall<EncodedAnswer> implements BodySink, AnswerSink<EncodedAnswer> {
  readonly #req: CarriedRequest;
  readonly #res: CarriedAnswer;
  readonly #route: InferenceRoute;
  /** Where the client wants a stream. */
  readonly #events: EventStream | undefined;
  #jsonLength: number | undefined;
  #body: RequestBody | undefined;
  #envelope: EventEnvelope | undefined;
  #v2: V2Request | undefined;
  #bodyRead = false;

  /** @param events where the answer is to be a stream of them */
  constructor(
    services: InferenceServices,
    req: CarriedRequest,
    res: CarriedAnswer,
    route: InferenceRoute,
    events?: EventStream,
  ) {
    super(services, callersRequestId(req.headers));
    this.#req = req;
    this.#res = res;
    this.#route = route;
    this.#events = events;
    const { tracing } = services;
    if (tracing !== undefined) this.span = startHttpSpan(tracing, req, route, this.startedAt);
  }

  /** Starts. Checks in KServe's order: the model exists, is ready, the body is right. */
  start(): void {
    const { maxBodyBytes } = this.services.options;
    const { headers } = this.#req;
    try {
      this.admit(this.#route);
      this.#res.on("close", () => this.closed());
      const coding = contentCoding(headers["content-encoding"]);
      if (this.#route.protocol === "v2") this.#jsonLength = jsonLengthOf(headers);
      const length = contentLength(headers, maxBodyBytes);
      if (headers.expect !== undefined) this.#res.writeContinue?.();
      const plan = { length, coding, jsonLength: this.#jsonLength, maxBytes: maxBodyBytes };
      this.#req.readBody(plan, this);
    } catch (error) {
      this.fail(error);
    }
  }

  bodyFailed(error: KtsError): void {
    this.fail(error);
  }

  bodyRead(body: RequestBody): void {
    if (this.ended) return freeBuffer(body.owner);
    this.#bodyRead = true;
    this.#body = body;
    this.startClock();
    this.#logPayload("request", this.#req.headers["content-type"], this.#jsonLength, [body.bytes]);
    try {
      const { payload, parameters } = this.#decode(body);
      const own = this.#req.headers as Record<string, string>;
      const headers = this.span?.headersFor(own) ?? own;
      if (this.#events === undefined) this.run(payload, parameters, headers);
      else this.runStream(payload, parameters, headers, this);
    } catch (error) {
      this.ranIntoError(error);
    }
  }

  #decode({ bytes }: RequestBody): DecodedRequest {
    const whole = { bytes, jsonLength: this.#jsonLength };
    const { envelope, decoded } = EventEnvelope.open(
      this.#req.headers,
      whole,
      this.services.limits,
      (opened) => (this.#route.protocol === "v1" ? this.#decodeV1(opened) : this.#decodeV2(opened)),
    );
    this.#envelope = envelope;
    return decoded;
  }

  #decodeV1({ bytes }: OpenedBody): DecodedRequest {
    const { instances, parameters } = decodeV1Request(bytes, this.services.limits);
    return { payload: { kind: "instances", instances }, parameters };
  }

  #decodeV2({ bytes, jsonLength }: OpenedBody): DecodedRequest {
    if (generates(this.#route.action)) return this.#decodeGenerate(bytes);
    const request = decodeV2Request(bytes, jsonLength, this.services.limits);
    this.#v2 = request;
    if (this.#events !== undefined) refuseBinary(request);
    return { payload: { kind: "tensors", tensors: request.tensors }, parameters: request.parameters };
  }

  #decodeGenerate(bytes: Uint8Array): DecodedRequest {
    const { textInput, parameters } = decodeGenerateRequest(bytes, this.services.limits);
    const tensors = textTensors(textInput, this.admitted.info.inputs);
    return { payload: { kind: "tensors", tensors }, parameters };
  }

  protected override encode(model: ServedModel, prediction: Prediction): EncodedAnswer {
    const body = this.#encodeBody(model, prediction);
    if (this.#envelope === undefined) return { body, headers: PLAIN };
    return this.#envelope.wrap(body, model.name, this.services.options);
  }

  #encodeBody(model: ServedModel, prediction: Prediction): EncodedBody {
    const { options } = this.services;
    const request = this.#v2;
    if (generates(this.#route.action)) return this.#generated(generatedText(prediction), false);
    if (request === undefined) return encodeV1Response(prediction, this.#route.verb, options);
    return encodeV2Response(
      {
        modelName: model.name,
        modelVersion: model.version,
        id: this.answerId(request.id),
        tensors: this.tensorsOf(model, prediction),
      },
      request,
      options,
    );
  }

  /** @param done there is no more of a stream */
  #generated(text: string, done: boolean): EncodedBody {
    const { name, version } = this.admitted;
    const isStream = this.#events !== undefined;
    return encodeGenerateResponse({
      modelName: name,
      modelVersion: version,
      text,
      done: isStream ? done : undefined,
    });
  }

  /** The next answer of a stream. */
  send({ body, headers }: EncodedAnswer): Promise<void> | undefined {
    this.#logPayload("response", body.contentType, body.jsonLength, [body.head, ...body.tail]);
    return this.#events?.send(body, [...headers, ...this.#extraHeaders()]);
  }

  /** A stream has no more answers. */
  end(): void {
    if (this.#res.destroyed) return this.answered(LEFT);
    if (generates(this.#route.action)) void this.send({ body: this.#generated("", true), headers: PLAIN });
    this.#events?.end(this.#extraHeaders(), this.services.lifecycle.closing);
    this.answered(200);
  }

  protected override sendAnswer(answer: EncodedAnswer): void {
    const coding = this.#answerCoding(answer.body);
    if (coding === undefined) return this.#send(answer, undefined);
    const send = (compressed: CompressedBody | undefined) => this.#send(answer, compressed);
    compress(coding, answer.body).then(send, () => send(undefined));
  }

  /** The compression of an answer; undefined where the client wants none, or it is too small to gain by it. */
  #answerCoding(body: EncodedBody): ContentCoding | undefined {
    const { compressAboveBytes } = this.services.options;
    const accepted = this.#req.headers["accept-encoding"];
    if (accepted === undefined || compressAboveBytes === 0) return undefined;
    return bodyBytes(body) > compressAboveBytes ? acceptedCoding(accepted as string) : undefined;
  }

  #send({ body, headers }: EncodedAnswer, compressed: CompressedBody | undefined): void {
    if (this.#res.destroyed) return this.answered(LEFT);
    this.#logPayload("response", body.contentType, body.jsonLength, [body.head, ...body.tail]);
    const extra = headers.length === 0 ? this.#extraHeaders() : [...headers, ...this.#extraHeaders()];
    if (compressed === undefined) sendEncoded(this.#res, body, extra);
    else sendCompressed(this.#res, body, compressed, extra);
    this.answered(200);
  }

  protected override sendFailure(error: unknown): number {
    const answer = toErrorAnswer(error);
    logFailure(this.services.log, error, answer, this.failureFields);
    this.span?.failed(answer.body, answer.status >= 500);
    if (!this.#res.destroyed) this.#refuse(answer);
    return answer.status;
  }

  #refuse(answer: ErrorAnswer): void {
    if (this.#events?.isOpen === true) {
      return this.#events.fail(answer.body, this.services.lifecycle.closing);
    }
    const unread = !this.#bodyRead && !this.#req.complete;
    // A client that waits for "100 Continue" may or may not send its body after this answer: the connection is lost.
    const undecided = unread && this.#req.headers.expect !== undefined;
    if (unread && (answer.status === 413 || undecided) && this.#res.refuseUnread !== undefined) {
      this.#res.refuseUnread(answer);
    } else sendError(this.#res, answer, this.#extraHeaders());
  }

  #extraHeaders(): RawHeaders {
    const last = this.services.lifecycle.closing;
    if (this.callersId === undefined) return last ? LAST : PLAIN;
    const echo = ["X-Request-Id", this.callersId];
    return last ? [...echo, ...LAST] : echo;
  }

  protected override spanResult(status: number): CallAttributes {
    return httpResult(status, this.knownRequestId);
  }

  protected override releaseInputs(): void {
    if (this.#body === undefined || this.predictorHasInputs || !this.#res.closed) return;
    freeBuffer(this.#body.owner);
    this.#body = undefined;
  }

  #logPayload(
    side: "request" | "response",
    contentType: string | undefined,
    jsonLength: number | undefined,
    parts: readonly (string | Uint8Array)[],
  ): void {
    const { payloadLog } = this.services;
    if (payloadLog === undefined) return;
    const id = this.#req.headers["ce-id"] ?? this.requestId;
    payloadLog[side]({ id: String(id), contentType, jsonLength, parts });
  }
}

/** Whether a route's body is a text, and its answer too. */
function generates(action: RouteAction | undefined): boolean {
  return action === "generate" || action === "generate_stream";
}

/** @throws InvalidInput when a request for events asks for tensors in binary form */
function refuseBinary({ binaryOutput, outputs }: V2Request): void {
  const index = outputs?.findIndex(({ binary }) => binary === true) ?? -1;
  if (index === -1 && (outputs !== undefined || !binaryOutput)) return;
  throw new InvalidInput("a stream of events is text, which has no binary tensors", {
    path: index === -1 ? "parameters.binary_data_output" : `outputs[${index}].parameters.binary_data`,
  });
}
