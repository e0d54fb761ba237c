import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseExact } from "../../protocol/json/exact.ts";
import { serveFolder } from "./serving.ts";

/** One example of test/fixtures/models; the answers were computed by the models' original libraries. */
interface Example {
  readonly name: string;
  readonly v1Request: unknown;
  readonly v1Response: unknown;
  readonly v2Request: unknown;
  readonly v2Response: Record<string, unknown> | null;
  readonly tolerance?: number;
  /** What some library cannot do of it. */
  readonly limitation?: string;
}

const MODELS = ["iris-onnx", "digits-onnx", "mlp-small-onnx", "multi-io-onnx", "dtypes-onnx", "strings-onnx"];

describe.each(MODELS)("the ONNX model %s, with no code at all", (name) => {
  it("answers V1 and V2 as its own library does", async () => {
    const folder = new URL(`../fixtures/models/${name}/`, import.meta.url);
    const examples = parseExact(await readFile(new URL("examples.json", folder), "utf8")) as Example[];
    await using server = await serveFolder(fileURLToPath(folder), { options: { modelName: name } });
    for (const { v1Request, v1Response, v2Request, v2Response, tolerance = 0 } of examples.filter(
      isPossible,
    )) {
      // null: the protocol's JSON cannot say it.
      if (v1Request !== null && v1Response !== null) {
        const body = await postExact(`${server.url}/v1/models/${name}:predict`, v1Request);
        expectNear(body, v1Response, tolerance, "");
      }
      if (v2Request !== null && v2Response !== null) {
        const body = await postExact(`${server.url}/v2/models/${name}/infer`, v2Request);
        expectNear(body, { ...v2Response, model_name: name }, tolerance, "");
      }
    }
  });
});

/** onnxruntime-node cuts texts at U+0000, so the server refuses them. */
function isPossible({ limitation }: Example): boolean {
  return limitation === undefined || !limitation.includes("onnxruntime-node");
}

/** POSTs JSON whose integers are exact in both directions. */
async function postExact(url: string, value: unknown): Promise<unknown> {
  const body = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "bigint" ? rawJson(String(part)) : part,
  );
  const response = await fetch(url, { method: "POST", body });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return parseExact(text);
}

/** Newer than TypeScript's library. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown };

/** What is expected must be there; numbers may be off by the tolerance. Members beyond it (null ones) are left out. */
function expectNear(actual: unknown, expected: unknown, tolerance: number, path: string): void {
  if (typeof expected === "number" && typeof actual === "number") {
    const error = Math.abs(actual - expected);
    expect(error, `${path}: ${actual} for ${expected}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected)),
    );
  } else if (Array.isArray(expected)) {
    expect(actual, path).toHaveLength(expected.length);
    expected.forEach((part, index) =>
      expectNear((actual as unknown[])[index], part, tolerance, `${path}[${index}]`),
    );
  } else if (typeof expected === "object" && expected !== null) {
    for (const [key, part] of Object.entries(expected)) {
      expectNear((actual as Record<string, unknown> | null)?.[key], part, tolerance, `${path}.${key}`);
    }
  } else {
    expect(actual, path).toEqual(expected);
  }
}
