/** Every server under test calls its model `bench`. */
export const MODEL_NAME = "bench";
export const PREDICT_PATH = `/v1/models/${MODEL_NAME}:predict`;
export const INFER_PATH = `/v2/models/${MODEL_NAME}/infer`;

/** The length that performance.md's binary request has in front of its tensor: odd, so the tensor is not aligned. */
const BINARY_HEAD_BYTES = 165;

/** A POST as it goes over the wire, in one buffer. */
export function httpPost(
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): { bytes: Buffer; bodyBytes: number } {
  const bytes = Buffer.from(body);
  const all = {
    Host: "127.0.0.1",
    "User-Agent": "kserve-ts-bench",
    Accept: "*/*",
    "Content-Type": "application/json",
    "Content-Length": String(bytes.length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
  return { bytes: Buffer.concat([Buffer.from(head), bytes]), bodyBytes: bytes.length };
}

/** A tensor of a binary request. */
export interface BinaryTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly bytes: Uint8Array;
}

/** A V2 request with binary tensors. */
export function binaryRequest(
  tensors: readonly BinaryTensor[],
  members: Readonly<Record<string, unknown>> = {},
): { bytes: Buffer; bodyBytes: number } {
  const inputs = tensors.map(({ name, shape, datatype, bytes }) => ({
    name,
    shape,
    datatype,
    parameters: { binary_data_size: bytes.length },
  }));
  const bare = JSON.stringify({ id: "", ...members, inputs }).length;
  const id = "b".repeat(Math.max(1, BINARY_HEAD_BYTES - bare));
  const json = Buffer.from(JSON.stringify({ id, ...members, inputs }));
  return httpPost(INFER_PATH, Buffer.concat([json, ...tensors.map((tensor) => tensor.bytes)]), {
    "Content-Type": "application/octet-stream",
    "Inference-Header-Content-Length": String(json.length),
  });
}
