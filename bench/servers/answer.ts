/** What the two plain servers have in common: how a handler without a product around it would do it. */

const FIRST = 10;

interface PlainTensor {
  readonly shape: readonly number[];
  readonly data?: readonly number[];
  readonly parameters?: { readonly binary_data_size?: number };
}

/** A parsed body: V1's or V2's. */
export interface PlainBody {
  readonly instances?: readonly unknown[];
  readonly id?: string;
  readonly inputs?: readonly PlainTensor[];
}

/** The answer to a JSON body: V1's instances, or the first ten numbers of V2's first tensor. */
export function answerJson(body: PlainBody): unknown {
  if (body.instances !== undefined) return { predictions: body.instances };
  return firstTen(body, Float32Array.from(body.inputs?.[0]?.data ?? []));
}

/** The answer to a binary body: JSON, then the elements of one FP32 tensor. */
export function answerBinary(body: Buffer, jsonBytes: number): unknown {
  const request = JSON.parse(body.toString("utf8", 0, jsonBytes)) as PlainBody;
  const size = request.inputs?.[0]?.parameters?.binary_data_size ?? 0;
  const at = body.byteOffset + jsonBytes;
  const aligned = at % Float32Array.BYTES_PER_ELEMENT === 0;
  const data = aligned
    ? new Float32Array(body.buffer as ArrayBuffer, at, size / 4)
    : new Float32Array(body.buffer.slice(at, at + size) as ArrayBuffer);
  return firstTen(request, data);
}

function firstTen({ id }: PlainBody, image: Float32Array): unknown {
  const data = Array.from(image.subarray(0, FIRST));
  return {
    model_name: "bench",
    id,
    outputs: [{ name: "output-0", shape: [data.length], datatype: "FP32", data }],
  };
}
