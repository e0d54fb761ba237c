import type { KtsError } from "../../contract/errors.ts";
import type { Prediction } from "../../contract/inference.ts";
import {
  type EncodedMessage,
  type GrpcInferRequest,
  decodeInferRequest,
  readAskedModel,
} from "../../protocol/grpc.ts";
import { freeBuffer } from "../http/free.ts";
import type { InferenceServices } from "../http/inference-services.ts";
import { InferenceCall } from "../inference-call.ts";
import type { ServedModel } from "../served-model.ts";
import type { CallAttributes } from "../telemetry/tracing.ts";
import type { CallHandler, GrpcCall } from "./call.ts";
import { callMetadata } from "./call-headers.ts";
import { inferResponse } from "./infer-messages.ts";
import { reportFailure } from "./report-failure.ts";
import { OK } from "./status.ts";
import type { ReceivedMessage } from "./message-reader.ts";

/** A span's name and what it says, as OpenTelemetry's conventions for RPC have it. */
const METHOD = "inference.GRPCInferenceService/ModelInfer";
const SPAN_ATTRIBUTES = {
  "rpc.system": "grpc",
  "rpc.service": "inference.GRPCInferenceService",
  "rpc.method": "ModelInfer",
  "kserve.protocol": "grpc-v2",
};

/** One ModelInfer. */
export class InferCall extends InferenceCall<EncodedMessage> implements CallHandler {
  readonly #call: GrpcCall;
  #message: ReceivedMessage | undefined;
  #request: GrpcInferRequest | undefined;
  #status = OK;

  constructor(services: InferenceServices, call: GrpcCall, callersId: string | undefined) {
    super(services, callersId);
    this.#call = call;
    const { tracing } = services;
    if (tracing === undefined) return;
    this.span = tracing.startCall(METHOD, callMetadata(call.headers), SPAN_ATTRIBUTES, this.startedAt);
  }

  received(message: ReceivedMessage): void {
    this.#message = message;
    try {
      const { modelName, modelVersion } = readAskedModel(message.bytes);
      this.admit({ protocol: "grpc-v2", verb: "predict", model: modelName, version: modelVersion });
      this.startClock();
      const request = decodeInferRequest(message.bytes, this.services.limits);
      this.#request = request;
      const payload = { kind: "tensors", tensors: request.tensors } as const;
      const metadata = callMetadata(this.#call.headers);
      this.run(payload, request.parameters, this.span?.headersFor(metadata) ?? metadata);
    } catch (error) {
      this.ranIntoError(error);
    }
  }

  halfClosed(): void {
    // Only streaming methods are told.
  }

  failed(error: KtsError): void {
    this.fail(error);
  }

  expiredAfter(timeoutMs: number): void {
    this.expireAfter(timeoutMs);
  }

  override closed(): void {
    super.closed();
  }

  protected override encode(model: ServedModel, prediction: Prediction): EncodedMessage {
    const request = this.#request as GrpcInferRequest;
    const tensors = this.tensorsOf(model, prediction);
    const { grpcMaxSendBytes } = this.services.options;
    return inferResponse(model, request, this.answerId(request.id), tensors, grpcMaxSendBytes);
  }

  protected override sendAnswer(message: EncodedMessage): void {
    this.#call.answer(message);
    this.answered(200);
  }

  protected override sendFailure(error: unknown): number {
    const failure = reportFailure(this.services.log, error, this.failureFields);
    this.#status = failure.code;
    this.span?.failed(failure.message, failure.httpStatus >= 500);
    this.#call.finish(failure);
    return failure.httpStatus;
  }

  protected override spanResult(): CallAttributes {
    const result = { "rpc.grpc.status_code": this.#status, "kserve.model.name": this.target?.model ?? "" };
    const requestId = this.knownRequestId;
    return requestId === undefined ? result : { ...result, "kserve.request_id": requestId };
  }

  protected override releaseInputs(): void {
    if (this.#message === undefined || this.predictorHasInputs || !this.#call.gone) return;
    freeBuffer(this.#message.owner);
    this.#message = undefined;
  }
}
