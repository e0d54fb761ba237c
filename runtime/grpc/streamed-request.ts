import type { Prediction } from "../../contract/inference.ts";
import {
  type EncodedMessage,
  type GrpcInferRequest,
  decodeInferRequest,
  encodeStreamEnd,
  encodeStreamError,
  encodeStreamResponse,
  readAskedModel,
  readRequestId,
} from "../../protocol/grpc.ts";
import type { InferenceServices } from "../http/inference-services.ts";
import { type AnswerSink, InferenceCall } from "../inference-call.ts";
import type { ServedModel } from "../served-model.ts";
import type { CallAttributes } from "../telemetry/tracing.ts";
import type { GrpcCall } from "./call.ts";
import { callMetadata } from "./call-headers.ts";
import { inferResponse } from "./infer-messages.ts";
import { reportFailure } from "./report-failure.ts";
import { OK } from "./status.ts";

const METHOD = "inference.GRPCInferenceService/ModelStreamInfer";
const SPAN_ATTRIBUTES = {
  "rpc.system": "grpc",
  "rpc.service": "inference.GRPCInferenceService",
  "rpc.method": "ModelStreamInfer",
  "kserve.protocol": "grpc-v2",
};
/** Triton's: its client wants to know which answer of a request is the last. */
const WANTS_END = "triton_enable_empty_final_response";

/** One of the requests on a ModelStreamInfer: answered by a stream of its own, or by an error message. */
export class StreamedRequest extends InferenceCall<EncodedMessage> implements AnswerSink<EncodedMessage> {
  readonly #call: GrpcCall;
  readonly #onOver: () => void;
  #request: GrpcInferRequest | undefined;
  /** Of a request that could not be read. */
  #unreadId: string | undefined;
  #status = OK;
  #isClosed = false;

  /** @param onOver told once, when it is answered or has failed */
  constructor(
    services: InferenceServices,
    call: GrpcCall,
    callersId: string | undefined,
    onOver: () => void,
  ) {
    super(services, callersId);
    this.#call = call;
    this.#onOver = onOver;
    const { tracing } = services;
    if (tracing === undefined) return;
    this.span = tracing.startCall(METHOD, callMetadata(call.headers), SPAN_ATTRIBUTES, this.startedAt);
  }

  start(message: Uint8Array): void {
    try {
      const { modelName, modelVersion } = readAskedModel(message);
      this.admit({ protocol: "grpc-v2", verb: "predict", model: modelName, version: modelVersion });
      this.startClock();
      const request = decodeInferRequest(message, this.services.limits);
      this.#request = request;
      const payload = { kind: "tensors", tensors: request.tensors } as const;
      const metadata = callMetadata(this.#call.headers);
      this.runStream(payload, request.parameters, this.span?.headersFor(metadata) ?? metadata, this);
    } catch (error) {
      this.#unreadId = readRequestId(message);
      this.ranIntoError(error);
    }
  }

  /** The call ends before this is answered: its time is over. */
  expireWith(timeoutMs: number): void {
    this.expireAfter(timeoutMs);
  }

  /** The client has left, or all is sent. */
  override closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    super.closed();
  }

  protected override encode(model: ServedModel, prediction: Prediction): EncodedMessage {
    const request = this.#request as GrpcInferRequest;
    const tensors = this.tensorsOf(model, prediction);
    const { grpcMaxSendBytes } = this.services.options;
    const id = this.answerId(request.id);
    return encodeStreamResponse(inferResponse(model, request, id, tensors, grpcMaxSendBytes));
  }

  send(message: EncodedMessage): Promise<void> | undefined {
    this.#call.send(message);
    return this.#call.drained();
  }

  end(): void {
    const { modelName, id, parameters } = this.#request as GrpcInferRequest;
    if (parameters[WANTS_END] === true) {
      this.#call.send(encodeStreamEnd({ modelName, id: this.answerId(id) }));
    }
    this.answered(200);
    this.#over();
  }

  protected override sendAnswer(message: EncodedMessage): void {
    this.#call.send(message);
    this.end();
  }

  protected override sendFailure(error: unknown): number {
    const failure = reportFailure(this.services.log, error, this.failureFields);
    this.#status = failure.code;
    this.span?.failed(failure.message, failure.httpStatus >= 500);
    const request = { modelName: this.target?.model, id: this.#request?.id ?? this.#unreadId };
    this.#call.send(encodeStreamError(failure.message, request));
    // Once it is counted.
    queueMicrotask(() => this.#over());
    return failure.httpStatus;
  }

  #over(): void {
    if (this.#isClosed) return;
    this.closed();
    this.#onOver();
  }

  protected override spanResult(): CallAttributes {
    const result = { "rpc.grpc.status_code": this.#status, "kserve.model.name": this.target?.model ?? "" };
    const requestId = this.knownRequestId;
    return requestId === undefined ? result : { ...result, "kserve.request_id": requestId };
  }

  protected override releaseInputs(): void {
    // What is not sent yet may show the message's memory, so that is left to the garbage collector.
  }
}
