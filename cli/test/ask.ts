import type { InferResult, ServerAnswer } from "../../client/index.ts";
import { DEFAULT_LIMITS } from "../../protocol/limits.ts";
import { elementReader } from "../../protocol/convert/unstack.ts";
import { parseExact } from "../../protocol/json/exact.ts";
import { decodeText } from "../../protocol/json/parse.ts";
import { decodeV2Response } from "../../protocol/v2.ts";
import { jsonLengthOf } from "../../client/inference-header.ts";
import { inferencePath } from "../body-protocol.ts";
import type { InferRequest } from "../predict/tensors.ts";
import type { ReachedServer } from "../reach/reached-server.ts";

/** What a model has answered. */
export interface TestAnswer {
  /** As JSON is parsed, with BigInts where integers need them: a body of V1 or V2, or a text or bytes of V1's. */
  readonly body: unknown;
  /** JSON as it came; undefined where it is none. */
  readonly json: string | undefined;
}

/**
 * Sends a body of JSON.
 * @throws KtsError what InferenceClient throws; KTS_SERVER_ANSWERED when the answer is not what its type says
 */
export async function askWithText(
  { rest }: ReachedServer,
  model: string,
  protocol: "v1" | "v2",
  text: string,
): Promise<TestAnswer> {
  const answer = await rest.send(inferencePath(protocol, model), text);
  const jsonLength = jsonLengthOf(answer.headers);
  if (jsonLength === undefined) return readText(answer);
  const { tensors } = decodeV2Response(answer.bytes, jsonLength, DEFAULT_LIMITS);
  return { body: { outputs: tensors.map(plainTensor) }, json: undefined };
}

/** Sends tensors as bytes. @throws KtsError what InferenceClient throws */
export async function askWithBytes(
  { rest }: ReachedServer,
  model: string,
  { tensors, ...options }: InferRequest,
): Promise<TestAnswer> {
  return ofTensors(await rest.infer(model, tensors, { ...options, binary: true }));
}

/** Sends tensors over gRPC. @throws KtsError what GrpcInferenceClient throws */
export async function askOverGrpc(
  { grpc }: ReachedServer,
  model: string,
  { tensors, ...options }: InferRequest,
): Promise<TestAnswer> {
  if (grpc === undefined) throw new Error("this place has no gRPC");
  return ofTensors(await grpc.infer(model, tensors, options));
}

function readText({ headers, bytes }: ServerAnswer): TestAnswer {
  const [type = ""] = (headers["content-type"] ?? "").toLowerCase().split(";", 1);
  if (type.trim() === "application/octet-stream") return { body: bytes, json: undefined };
  const text = decodeText(bytes);
  if (type.trim() === "text/plain") return { body: text, json: JSON.stringify(text) };
  return { body: parseExact(text), json: text };
}

function ofTensors({ outputs }: InferResult): TestAnswer {
  const tensors = Object.entries(outputs).map(([name, tensor]) => plainTensor({ name, ...tensor }));
  return { body: { outputs: tensors }, json: undefined };
}

/** A tensor whose elements are plain values, as JSON would have them. */
function plainTensor(tensor: InferResult["outputs"][string] & { readonly name: string }) {
  const read = elementReader(tensor);
  const data = Array.from({ length: tensor.data.length }, (_, index) => read(index));
  return { name: tensor.name, datatype: tensor.datatype, shape: tensor.shape, data };
}
