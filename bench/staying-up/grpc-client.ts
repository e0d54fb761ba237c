import { fileURLToPath } from "node:url";
import { Client, type ClientDuplexStream, type ServiceError, credentials, status } from "@grpc/grpc-js";
import { type AnyDefinition, loadSync } from "@grpc/proto-loader";
import { MODEL_NAME } from "../load/http-post.ts";

const PROTO = fileURLToPath(new URL("../../protocol/grpc/proto/grpc_predict_v2.proto", import.meta.url));
const LONGEST_MS = 30_000;

interface Method {
  readonly path: string;
  readonly requestSerialize: (value: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

/** How one call ended. */
export interface CallEnding {
  /** The name of its status, such as `OK`. */
  readonly status: string;
  /** What the status says; empty where there is nothing to say. */
  readonly details: string;
  readonly ms: number;
  /** Answers that came; more than one only of a stream. */
  readonly answers: number;
}

/** A client of the library that gRPC's own authors write for Node, on a connection of its own. */
export class GrpcClient implements Disposable {
  readonly #client: Client;
  readonly #methods = loadSync(PROTO, { keepCase: true, longs: String })[
    "inference.GRPCInferenceService"
  ] as AnyDefinition & { readonly ModelInfer: Method; readonly ModelStreamInfer: Method };

  constructor(port: number) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      // Else clients of one process share a connection.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": -1,
    });
  }

  /** Infers, or leaves after some milliseconds; never rejects. */
  async infer(request: object, leaveAfterMs?: number): Promise<CallEnding> {
    const { path, requestSerialize, responseDeserialize } = this.#methods.ModelInfer;
    const startedAt = performance.now();
    const { promise, resolve } = Promise.withResolvers<CallEnding>();
    const deadline = Date.now() + LONGEST_MS;
    const call = this.#client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      { deadline },
      (error) => resolve(endingOf(error, startedAt, error === null ? 1 : 0)),
    );
    const leaving = leaveAfterMs === undefined ? undefined : setTimeout(() => call.cancel(), leaveAfterMs);
    try {
      return await promise;
    } finally {
      clearTimeout(leaving);
    }
  }

  /** Infers over a stream and reads its answers, or leaves after some; never rejects. */
  async stream(request: object, leaveAfter = Infinity): Promise<CallEnding> {
    const { path, requestSerialize, responseDeserialize } = this.#methods.ModelStreamInfer;
    const startedAt = performance.now();
    const deadline = Date.now() + LONGEST_MS;
    const call: ClientDuplexStream<object, object> = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { deadline },
    );
    const { promise, resolve } = Promise.withResolvers<CallEnding>();
    let answers = 0;
    call.on("data", () => {
      if (++answers >= leaveAfter) call.cancel();
    });
    call.on("error", (error: ServiceError) => resolve(endingOf(error, startedAt, answers)));
    call.on("end", () => resolve(endingOf(null, startedAt, answers)));
    call.end(request);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** An FP32 tensor with raw contents. */
export function inferRequest(values: Float32Array, members: object = {}): object {
  return {
    model_name: MODEL_NAME,
    inputs: [{ name: "image", datatype: "FP32", shape: [1, values.length] }],
    raw_input_contents: [Buffer.from(values.buffer, values.byteOffset, values.byteLength)],
    ...members,
  };
}

function endingOf(error: ServiceError | null, startedAt: number, answers: number): CallEnding {
  const ms = performance.now() - startedAt;
  return { status: status[error?.code ?? status.OK], details: error?.details ?? "", ms, answers };
}
