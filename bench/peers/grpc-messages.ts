import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { type AnyDefinition, loadSync } from "@grpc/proto-loader";
import { singleExample } from "../load/fixture-requests.ts";
import { MODEL_NAME } from "../load/http-post.ts";
import { createRandom } from "../load/random.ts";
import { IMAGE_ELEMENTS } from "../load/requests.ts";

const PROTO = fileURLToPath(new URL("../../protocol/grpc/proto/grpc_predict_v2.proto", import.meta.url));
const CHECK_MS = 10_000;
/** In front of each message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;
const MAX_BYTES = 16_000_000;

interface InferMethod {
  readonly path: string;
  readonly requestSerialize: (value: object) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => InferMessage;
  readonly responseSerialize: (value: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => InferMessage;
}

/** What request and answer have in common, as proto-loader reads them. */
export interface InferMessage {
  readonly id: string;
  readonly inputs?: readonly object[];
  readonly outputs?: readonly { readonly contents?: { readonly fp32_contents?: readonly number[] } }[];
  readonly raw_input_contents?: readonly Buffer[];
  readonly raw_output_contents?: readonly Buffer[];
}

/** ModelInfer as the standard library of Node reads it: nothing of ours encodes or checks here. */
export function inferMethod(): InferMethod {
  const service = loadSync(PROTO, { keepCase: true, longs: String })["inference.GRPCInferenceService"];
  return (service as AnyDefinition & { readonly ModelInfer: InferMethod }).ModelInfer;
}

/** The requests by gRPC. */
export type GrpcRequestName = "grpc-small" | "grpc-image" | "grpc-iris";

interface GrpcRequest {
  readonly message: Buffer;
  /** The last output: all of it, or its beginning. */
  readonly expected: readonly number[];
}

/** A request by name: FP32 in raw contents. */
export function grpcRequest(name: GrpcRequestName): GrpcRequest {
  if (name === "grpc-iris") {
    const { v2Request, v2Response } = singleExample("iris-onnx");
    const [{ name: input, shape, data }] = v2Request.inputs;
    return encode(input, shape, data, v2Response.outputs.at(-1)?.data ?? []);
  }
  const random = createRandom(2);
  const count = name === "grpc-small" ? 10 : IMAGE_ELEMENTS;
  const data = Array.from({ length: count }, () => Math.fround(random()));
  return encode("image", count === 10 ? [1, 10] : [1, 3, 224, 224], data, data.slice(0, 10));
}

function encode(
  name: string,
  shape: readonly number[],
  data: readonly number[],
  expected: readonly number[],
): GrpcRequest {
  const message = inferMethod().requestSerialize({
    model_name: MODEL_NAME,
    id: "bench",
    inputs: [{ name, datatype: "FP32", shape }],
    raw_input_contents: [Buffer.from(Float32Array.from(data).buffer)],
  });
  return { message, expected };
}

/**
 * Calls once, and compares what comes with what should.
 * @returns the bytes of the answer with its prefix, by which the answers of a load are known
 * @throws Error with the status, or with what differs
 */
export async function checkGrpc(port: number, name: GrpcRequestName): Promise<number> {
  const { message, expected } = grpcRequest(name);
  const method = inferMethod();
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": MAX_BYTES,
    "grpc.use_local_subchannel_pool": 1,
  });
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const identity = (bytes: Buffer) => bytes;
  client.makeUnaryRequest(
    method.path,
    identity,
    identity,
    message,
    { deadline: Date.now() + CHECK_MS },
    (error, answer) => (error === null ? resolve(answer as Buffer) : reject(error)),
  );
  try {
    const bytes = await promise;
    const { outputs = [], raw_output_contents: raw = [] } = method.responseDeserialize(bytes);
    const last = raw.at(-1);
    const got = last === undefined ? (outputs.at(-1)?.contents?.fp32_contents ?? []) : floats(last);
    const isRight = expected.every((value, index) => Math.abs(value - (got[index] ?? NaN)) < 1e-5);
    if (!isRight) throw new Error(`${name} is answered with ${got.slice(0, 10).join(", ")}`);
    return bytes.length + PREFIX_BYTES;
  } finally {
    client.close();
  }
}

function floats(bytes: Buffer): readonly number[] {
  return [...new Float32Array(Uint8Array.from(bytes).buffer)];
}

/** A request with its prefix in a file, for a load generator that sends files. */
export function grpcFile(name: GrpcRequestName): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "bench-grpc-"));
  const path = join(folder, name);
  const { message } = grpcRequest(name);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  writeFileSync(path, Buffer.concat([prefix, message]));
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
