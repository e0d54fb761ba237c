import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { type NamedTensors, tensor } from "../../contract/tensor.ts";
import type { Datatype } from "../../contract/datatype.ts";
import { DEFAULT_LIMITS } from "../../protocol/limits.ts";
import { decodeV2Response, encodeV2Request } from "../../protocol/v2.ts";
import type { RunningServer } from "../../runtime/index.ts";

interface JsonTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: number[];
  readonly data: number[];
}

/** One example of test/fixtures/models; the answers were computed by the model's original library. */
interface Example {
  readonly name: string;
  readonly v1Request: unknown;
  readonly v1Response: unknown;
  readonly v2Request: { readonly id?: string; readonly inputs: readonly JsonTensor[] };
  readonly v2Response: { readonly outputs: readonly JsonTensor[] };
  readonly tolerance: number;
}

/** Asks a server each of a model's examples over V1, V2 and V2 with binary tensors. */
export async function checkExamples(server: RunningServer, examplesFile: URL): Promise<void> {
  const examples = JSON.parse(await readFile(examplesFile, "utf8")) as Example[];
  expect(examples.length).toBeGreaterThan(0);
  const { name } = server.model;
  for (const example of examples) {
    const { v1Request, v1Response, v2Request, v2Response, tolerance } = example;
    const v1 = await post(`${server.url}/v1/models/${name}:predict`, JSON.stringify(v1Request));
    expectNear(JSON.parse(v1.body.toString()), v1Response, tolerance, `${example.name} V1`);
    const v2 = await post(`${server.url}/v2/models/${name}/infer`, JSON.stringify(v2Request));
    expectNear(
      JSON.parse(v2.body.toString()),
      { ...v2Response, model_name: name },
      tolerance,
      `${example.name} V2`,
    );
    const tensors: NamedTensors = {};
    for (const { name: input, datatype, shape, data } of v2Request.inputs) {
      tensors[input] = tensor(datatype, shape, data as never);
    }
    const { outputs } = v2Response;
    const answer = await postBinary(`${server.url}/v2/models/${name}/infer`, tensors);
    expect(answer.map(({ name: output, datatype, shape }) => ({ name: output, datatype, shape }))).toEqual(
      outputs.map(({ name: output, datatype, shape }) => ({ name: output, datatype, shape })),
    );
    answer.forEach(({ data }, at) =>
      expectNear([...(data as Float32Array)], outputs[at]?.data, tolerance, `${example.name} V2 binary`),
    );
  }
}

/** Asks with binary tensors, and for binary ones. */
export async function postBinary(url: string, tensors: NamedTensors) {
  const encoded = encodeV2Request({ tensors, binary: true, binaryOutput: true });
  const { headers, body } = await post(url, Buffer.concat([Buffer.from(encoded.head), ...encoded.tail]), {
    "content-type": encoded.contentType,
    "inference-header-content-length": String(encoded.jsonLength),
  });
  const length = headers.get("inference-header-content-length");
  expect(length).not.toBeNull();
  return decodeV2Response(body, Number(length), DEFAULT_LIMITS).tensors;
}

async function post(url: string, body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: "POST", body, headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.status, bytes.toString()).toBe(200);
  return { headers: response.headers, body: bytes };
}

/** What is expected must be there; numbers may be off by the tolerance. */
function expectNear(actual: unknown, expected: unknown, tolerance: number, path: string): void {
  if (typeof expected === "number") {
    const error = Math.abs((actual as number) - expected);
    expect(error, `${path}: ${actual as number} for ${expected}`).toBeLessThanOrEqual(
      tolerance + tolerance * Math.abs(expected),
    );
  } else if (Array.isArray(expected)) {
    expect(actual, path).toHaveLength(expected.length);
    expected.forEach((part, at) => expectNear((actual as unknown[])[at], part, tolerance, `${path}[${at}]`));
  } else if (typeof expected === "object" && expected !== null) {
    for (const [key, part] of Object.entries(expected)) {
      expectNear((actual as Record<string, unknown>)[key], part, tolerance, `${path}.${key}`);
    }
  } else {
    expect(actual, path).toEqual(expected);
  }
}
