import type { IncomingMessage, ServerResponse } from "node:http";
import type { KtsError } from "../../contract/errors.ts";
import type { Prediction } from "../../contract/inference.ts";
import type { EncodedBody } from "../../protocol/body.ts";
import { decodeV1Request, encodeV1Response } from "../../protocol/v1.ts";
import { decodeV2Request, encodeV2Response, type V2Request } from "../../protocol/v2.ts";
import { InferenceCall } from "../inference-call.ts";
import type { ServedModel } from "../served-model.ts";
import { type BodySink, type RequestBody, readBody } from "./body.ts";
import { contentCoding } from "./decompress.ts";
import { type ErrorAnswer, logFailure, toErrorAnswer } from "./errors.ts";
import { freeBuffer } from "./free.ts";
import type { InferenceServices } from "./inference-services.ts";
import { callersRequestId, contentLength, jsonLengthOf } from "./request-head.ts";
import { type RawHeaders, refuseUnread, sendEncoded, sendError } from "./respond.ts";
import type { InferenceRoute } from "./route-match.ts";

const PLAIN: RawHeaders = [];
const LAST: RawHeaders = ["Connection", "close"];

/** One inference request over HTTP/1.1: reads and decodes its body, encodes and sends the answer. */
export class Exchange extends InferenceCall<EncodedBody> implements BodySink {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #route: InferenceRoute;
  #jsonLength: number | undefined;
  #body: RequestBody | undefined;
  #v2: V2Request | undefined;
  #bodyRead = false;

  constructor(services: InferenceServices, req: IncomingMessage, res: ServerResponse, route: InferenceRoute) {
    super(services, callersRequestId(req.headers));
    this.#req = req;
    this.#res = res;
    this.#route = route;
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
      if (headers.expect !== undefined) this.#res.writeContinue();
      const plan = { length, coding, jsonLength: this.#jsonLength, maxBytes: maxBodyBytes };
      readBody(this.#req, plan, this);
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
    try {
      if (this.#route.protocol === "v1") this.#runV1(body);
      else this.#runV2(body);
    } catch (error) {
      this.ranIntoError(error);
    }
  }

  #runV1(body: RequestBody): void {
    const { instances, parameters } = decodeV1Request(body.bytes, this.services.limits);
    this.run({ kind: "instances", instances }, parameters, this.#headers);
  }

  #runV2(body: RequestBody): void {
    const request = decodeV2Request(body.bytes, this.#jsonLength, this.services.limits);
    this.#v2 = request;
    this.run({ kind: "tensors", tensors: request.tensors }, request.parameters, this.#headers);
  }

  get #headers(): Record<string, string> {
    return this.#req.headers as Record<string, string>;
  }

  protected override encode(model: ServedModel, prediction: Prediction): EncodedBody {
    const { options } = this.services;
    const request = this.#v2;
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

  protected override sendAnswer(body: EncodedBody): void {
    sendEncoded(this.#res, body, this.#extraHeaders());
  }

  protected override sendFailure(error: unknown): number {
    const answer = toErrorAnswer(error);
    logFailure(this.services.log, error, answer, this.failureFields);
    if (!this.#res.destroyed) this.#send(answer);
    return answer.status;
  }

  #send(answer: ErrorAnswer): void {
    const unread = !this.#bodyRead && !this.#req.complete;
    // A client that waits for "100 Continue" may or may not send its body after this answer: the connection is lost.
    const undecided = unread && this.#req.headers.expect !== undefined;
    if (unread && (answer.status === 413 || undecided)) refuseUnread(this.#req, this.#res, answer);
    else sendError(this.#res, answer, this.#extraHeaders());
  }

  #extraHeaders(): RawHeaders {
    const last = this.services.lifecycle.closing;
    if (this.callersId === undefined) return last ? LAST : PLAIN;
    const echo = ["X-Request-Id", this.callersId];
    return last ? [...echo, ...LAST] : echo;
  }

  protected override releaseInputs(): void {
    if (this.#body === undefined || this.predictorHasInputs || !this.#res.closed) return;
    freeBuffer(this.#body.owner);
    this.#body = undefined;
  }
}
