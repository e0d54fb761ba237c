import { isKtsError } from "../../contract/errors.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import {
  type EncodedMessage,
  type MessageType,
  decodeInferResponse,
  decodeStreamResponse,
  encodeMessage,
} from "../../protocol/grpc.ts";
import {
  ModelMetadataRequest,
  ModelReadyRequest,
  ModelReadyResponse,
  ModelStatisticsRequest,
  RepositoryIndexRequest,
  RepositoryModelRequest,
  ServerLiveResponse,
  ServerMetadataResponse,
  ServerReadyResponse,
} from "../../protocol/grpc/messages/inference.ts";
import { checkName } from "../address.ts";
import { clientClosed } from "../http/connection-error.ts";
import { type InferResult, answerLimits, toInferResult } from "../infer.ts";
import type { ModelMetadata, ServerMetadata } from "../metadata.ts";
import { ModelClient } from "../model-client.ts";
import {
  type CallOptions,
  type GrpcClientOptions,
  type InferOptions,
  type ModelOptions,
  type ResolvedOptions,
  checkPositive,
  resolveOptions,
} from "../options.ts";
import type { IndexedModel } from "../repository.ts";
import { retryPlan, timeLeft, withRetries } from "../retry.ts";
import { failureWithin } from "../server-error.ts";
import { oneLine } from "../one-line.ts";
import { callMetadata } from "./call-headers.ts";
import { type GrpcAddress, parseGrpcAddress } from "./grpc-address.ts";
import type { GrpcRequest } from "./grpc-request.ts";
import type { GrpcTransport } from "./grpc-transport.ts";
import {
  inferMessage,
  readAnswer,
  readIndex,
  readModelMetadata,
  readStatistics,
} from "./inference-messages.ts";
import type { ModelStatistics } from "./statistics.ts";

/**
 * How often a connection with calls under way is asked whether somebody is still there. Servers built on gRPC's own
 * library close it when they are asked more often than this.
 */
const DEFAULT_KEEP_ALIVE_MS = 300_000;
const DEFAULT_KEEP_ALIVE_TIMEOUT_MS = 20_000;

/** The status of a method that the server does not have. */
const UNIMPLEMENTED = 12;

const NOTHING = encodeMessage({ fields: {} }, {});

/**
 * A client of one server that speaks the Open Inference Protocol (V2) over gRPC. All calls share one connection, which
 * is made by the first, made anew where it was lost, and does not keep the process alive. A class of its own beside
 * `InferenceClient`, with methods of the same names where both have them: V1 is not there over gRPC.
 *
 * Every method throws what `InferenceClient`'s do, an answer's gRPC status in `grpcStatus`:
 * - KtsError `KTS_SERVER_UNREACHABLE`: no connection, or it broke before the answer was complete
 * - KtsError `KTS_SERVER_ANSWERED`: the status is not OK; the message has the server's reason, `grpcStatus` its status,
 *   `status` the HTTP status that says the same, `retryAfterSeconds` its pushback. Or the answer is not what was asked
 *   for, or too large; then `status` is 502
 * - KtsError `KTS_DEADLINE_EXCEEDED`: no complete answer within `timeoutMs`, which the server is told, or the server's
 *   own deadline has passed
 * - KtsError `KTS_CANCELLED`: the client was closed
 * - InvalidInput: what was given cannot be sent; its `path` says where
 * - the signal's reason, once it is aborted
 *
 * A stream throws the same when its next answer is asked for; a failure that a server tells as an answer is
 * `KTS_SERVER_ANSWERED` with `status` 500 and `grpcStatus` 2, since it tells none.
 *
 * @example
 * using client = new GrpcInferenceClient("localhost:8081");
 * const { outputs } = await client.infer("iris", { input: tensor("FP32", [1, 4], [5.1, 3.5, 1.4, 0.2]) });
 */
export class GrpcInferenceClient implements Disposable {
  readonly #address: GrpcAddress;
  readonly #options: ResolvedOptions;
  readonly #keepAlive: { readonly keepAliveMs: number; readonly keepAliveTimeoutMs: number };
  readonly #closing = new AbortController();
  #transport: Promise<GrpcTransport> | undefined;

  /**
   * @param address of the server: `host:port` or `grpc://host:port`, or `grpcs://host:port` for TLS. Without a port
   * 8081, and 443 with TLS
   * @throws InvalidInput when the address or an option cannot be used
   */
  constructor(address: string | URL, options: GrpcClientOptions = {}) {
    this.#address = parseGrpcAddress(address);
    this.#options = resolveOptions(options);
    const { keepAliveMs = DEFAULT_KEEP_ALIVE_MS, keepAliveTimeoutMs = DEFAULT_KEEP_ALIVE_TIMEOUT_MS } =
      options;
    this.#keepAlive = {
      keepAliveMs: checkPositive(keepAliveMs, "keepAliveMs"),
      keepAliveTimeoutMs: checkPositive(keepAliveTimeoutMs, "keepAliveTimeoutMs"),
    };
  }

  /** The server's address, such as `grpc://localhost:8081`. */
  get address(): string {
    return this.#address.url;
  }

  /**
   * One model, so that its name is said once, and its inputs and outputs are typed.
   *
   * @typeParam Declaration what declares them: `typeof predictor` of a `definePredictor`, `typeof import("./predictor.ts")`,
   * or `{ inputs: typeof inputs; outputs: typeof outputs }`; a claim of the caller's, which nothing checks. Default: nothing
   * is known
   * @param version default: the one the server chooses
   * @example
   * const digits = client.model<typeof import("./predictor.ts")>("digits");
   * const { outputs } = await digits.infer({ image: tensor("FP32", [1, 28, 28], pixels) });
   */
  model<Declaration = unknown>(name: string, version?: string): ModelClient<Declaration> {
    return new ModelClient(this, checkName(name, "name"), version);
  }

  /** Whether the server runs; throws when it cannot be reached. */
  async live(options: CallOptions = {}): Promise<boolean> {
    const answer = await this.#read("ServerLive", NOTHING, options);
    return readAnswer(ServerLiveResponse, "ServerLiveResponse", answer).live;
  }

  /** Whether the server can answer for all its models. */
  async ready(options: CallOptions = {}): Promise<boolean> {
    const answer = await this.#read("ServerReady", NOTHING, options);
    return readAnswer(ServerReadyResponse, "ServerReadyResponse", answer).ready;
  }

  /** Whether one model can answer; throws when the server has no such model. */
  async modelReady(name: string, options: ModelOptions = {}): Promise<boolean> {
    const answer = await this.#read("ModelReady", aboutModel(ModelReadyRequest, name, options), options);
    return readAnswer(ModelReadyResponse, "ModelReadyResponse", answer).ready;
  }

  /** The server's name, version and extensions. */
  async serverMetadata(options: CallOptions = {}): Promise<ServerMetadata> {
    const answer = await this.#read("ServerMetadata", NOTHING, options);
    return readAnswer(ServerMetadataResponse, "ServerMetadataResponse", answer);
  }

  /** A model's versions, platform, inputs and outputs. */
  async modelMetadata(name: string, options: ModelOptions = {}): Promise<ModelMetadata> {
    const message = aboutModel(ModelMetadataRequest, name, options);
    return readModelMetadata(await this.#read("ModelMetadata", message, options));
  }

  /**
   * Asks ModelInfer.
   *
   * @typeParam Outputs the tensors that the model is known to answer with, such as `TensorsOf<typeof outputs>`; a claim
   * of the caller's, which nothing checks
   * @param inputs tensors by name. Their memory is sent as it is: leave it alone until the call has ended
   * @returns the answer; raw tensors share the answer's memory
   */
  async infer<Outputs extends NamedTensors = NamedTensors>(
    name: string,
    inputs: NamedTensors,
    options: InferOptions = {},
  ): Promise<InferResult<Outputs>> {
    const answer = await this.#send(
      "ModelInfer",
      inferMessage(name, inputs, options, this.#options.binary),
      options,
      false,
    );
    const limits = answerLimits(this.#options.maxAnswerBytes);
    return toInferResult(decodeInferResponse(answer, limits)) as InferResult<Outputs>;
  }

  /**
   * Asks ModelStreamInfer, an extension of ours and Triton's, with one request, or ModelInfer where it is not there. It is sent when the first answer is asked
   * for; leaving the loop ends it at the server, and a slow loop holds the server back.
   *
   * @typeParam Outputs as of {@link infer}
   * @param inputs tensors by name. Their memory is sent as it is: leave it alone until the first answer is there
   * @returns each answer as it comes. One, where the model does not stream
   */
  async *inferStream<Outputs extends NamedTensors = NamedTensors>(
    name: string,
    inputs: NamedTensors,
    options: InferOptions = {},
  ): AsyncGenerator<InferResult<Outputs>, void, undefined> {
    const limits = answerLimits(this.#options.maxAnswerBytes);
    const message = inferMessage(name, inputs, options, this.#options.binary);
    const left = timeLeft(options, this.#options);
    const answers = await this.#open(message, options);
    if (answers === undefined)
      return yield await this.infer<Outputs>(name, inputs, { ...options, timeoutMs: left() });
    for await (const bytes of answers) {
      const answer = decodeStreamResponse(bytes, limits);
      if ("error" in answer) throw failureWithin(oneLine(answer.error));
      options.signal?.throwIfAborted();
      yield toInferResult(answer) as InferResult<Outputs>;
    }
  }

  /**
   * The models of the server's repository, loaded or not.
   * @param options `ready`: only those that can answer. Default false
   */
  async repositoryIndex(options: CallOptions & { readonly ready?: boolean } = {}): Promise<IndexedModel[]> {
    const { ready = false } = options;
    const message = encodeMessage(RepositoryIndexRequest, { repository_name: "", ready });
    return readIndex(await this.#read("RepositoryIndex", message, options));
  }

  /** Loads a model of the repository, or loads it anew. Returns when it is loaded. */
  async loadModel(name: string, options: CallOptions = {}): Promise<void> {
    await this.#send("RepositoryModelLoad", inRepository(name), options, false);
  }

  /** Unloads a model; it stays in the repository. */
  async unloadModel(name: string, options: CallOptions = {}): Promise<void> {
    await this.#send("RepositoryModelUnload", inRepository(name), options, false);
  }

  /** What the server has counted, of one model or, without a name, of each. An extension that not every server has. */
  async statistics(name?: string, options: ModelOptions = {}): Promise<ModelStatistics[]> {
    const message = encodeMessage(ModelStatisticsRequest, {
      name: name ?? "",
      version: options.version ?? "",
    });
    return readStatistics(await this.#read("ModelStatistics", message, options));
  }

  /** Closes the connection. Calls under way, and later ones, fail. */
  close(): void {
    this.#closing.abort(clientClosed());
    void this.#transport?.then((transport) => transport.close());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Begins a ModelStreamInfer; undefined where the server has no such method. */
  async #open(message: EncodedMessage, options: CallOptions): Promise<AsyncIterable<Uint8Array> | undefined> {
    try {
      return await this.#call(message, "ModelStreamInfer", options, false, (transport, request) =>
        transport.stream(request),
      );
    } catch (error) {
      if (isKtsError(error) && error.grpcStatus === UNIMPLEMENTED) return undefined;
      throw error;
    }
  }

  #read(method: string, message: EncodedMessage, options: CallOptions): Promise<Uint8Array> {
    return this.#send(method, message, options, true);
  }

  #send(method: string, message: EncodedMessage, options: CallOptions, reads: boolean): Promise<Uint8Array> {
    return this.#call(message, method, options, reads, (transport, request) => transport.send(request));
  }

  async #call<T>(
    message: EncodedMessage,
    method: string,
    options: CallOptions,
    reads: boolean,
    send: (transport: GrpcTransport, request: GrpcRequest) => Promise<T>,
  ): Promise<T> {
    const plan = retryPlan(this.#options, options, this.#closing.signal, reads);
    const metadata = callMetadata(this.#options.headers, options);
    const { maxAnswerBytes } = this.#options;
    return withRetries(plan, async (timeoutMs) => {
      plan.signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      const transport = await this.#loaded();
      const { signal } = plan;
      return send(transport, { method, message, metadata, timeoutMs, signal, maxAnswerBytes });
    });
  }

  /** HTTP/2 is loaded by the first call: whoever only imports this package does not pay for it. */
  #loaded(): Promise<GrpcTransport> {
    this.#transport ??= import("./grpc-transport.ts").then(({ GrpcTransport }) => {
      const host = callMetadata(this.#options.headers, {})["host"];
      const transport = new GrpcTransport(this.#address, host, this.#keepAlive);
      if (this.#closing.signal.aborted) transport.close();
      return transport;
    });
    return this.#transport;
  }
}

function aboutModel(
  type: MessageType<{ readonly name: string; readonly version: string }>,
  name: string,
  { version = "" }: ModelOptions,
): EncodedMessage {
  return encodeMessage(type, { name: checkName(name, "name"), version });
}

/** The name in both fields that servers look for it. */
function inRepository(name: string): EncodedMessage {
  const model_name = checkName(name, "name");
  return encodeMessage(RepositoryModelRequest, { repository_name: model_name, model_name });
}
