import {
  Client,
  type ClientOptions,
  type ClientReadableStream,
  type ClientDuplexStream,
  Metadata,
  type ServiceError,
  type StatusObject,
  credentials,
} from "@grpc/grpc-js";
import { type AnyDefinition, loadSync } from "@grpc/proto-loader";

const PROTO = new URL("../../../protocol/grpc/proto/", import.meta.url).pathname;

const LOADED = [
  "grpc_predict_v2.proto",
  "grpc/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto",
].map((file) => loadSync(file, { includeDirs: [PROTO], keepCase: true, longs: String, oneofs: true }));

interface MethodDefinition {
  readonly path: string;
  requestSerialize(value: object): Buffer;
  responseDeserialize(bytes: Buffer): Record<string, unknown>;
}

/** What a call came to. */
export interface Outcome {
  readonly error: ServiceError | undefined;
  readonly answer: Record<string, unknown>;
  readonly metadata: Metadata;
  readonly status: StatusObject;
}

/** How a call is made. */
export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** A client of the library that gRPC's own authors write for Node. */
export class TestClient implements Disposable {
  readonly client: Client;

  constructor(port: number | undefined, options: ClientOptions = {}) {
    this.client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      // Else clients to the same port share a connection.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": -1,
      ...options,
    });
  }

  /** Calls a unary method of `inference.GRPCInferenceService`, or of another service by its full name. */
  async call(method: string, request: object, options: CallOptions = {}): Promise<Outcome> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(method);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    let answer: Record<string, unknown> = {};
    let error: ServiceError | undefined;
    let metadata = new Metadata();
    const call = this.client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadataOf(options),
      options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs },
      (failure, value) => {
        error = failure ?? undefined;
        answer = value ?? {};
      },
    );
    call.on("metadata", (received: Metadata) => (metadata = received));
    call.on("status", (status) => setImmediate(() => resolve({ error, answer, metadata, status })));
    options.signal?.addEventListener("abort", () => call.cancel());
    return promise;
  }

  /** Calls ModelInfer, and expects an answer. */
  async infer(request: object, options: CallOptions = {}): Promise<Record<string, unknown>> {
    const { error, answer } = await this.call("ModelInfer", request, options);
    if (error !== undefined) throw error;
    return answer;
  }

  watch(method: string, request: object): ClientReadableStream<Record<string, unknown>> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(method);
    return this.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  }

  open(method: string, options: CallOptions = {}): ClientDuplexStream<object, Record<string, unknown>> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(method);
    const deadline = options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs };
    const metadata = metadataOf(options);
    return this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata, deadline);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

function metadataOf({ metadata = {} }: CallOptions): Metadata {
  const set = new Metadata();
  for (const [name, value] of Object.entries(metadata)) {
    set.set(name, name.endsWith("-bin") ? Buffer.from(value) : value);
  }
  return set;
}

function definitionOf(method: string): MethodDefinition {
  const slash = method.lastIndexOf("/");
  const service = slash === -1 ? "inference.GRPCInferenceService" : method.slice(0, slash);
  for (const definitions of LOADED) {
    const found = (definitions[service] as Record<string, AnyDefinition> | undefined)?.[
      method.slice(slash + 1)
    ];
    if (found !== undefined) return found as unknown as MethodDefinition;
  }
  throw new Error(`the .proto files have no ${method}`);
}

/** A message in the form it has on the wire, by the library's own encoder. */
export function serialize(method: string, request: object): Buffer {
  return definitionOf(method).requestSerialize(request);
}
