import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { binaryRequest, httpPost, INFER_PATH, PREDICT_PATH } from "./http-post.ts";
import type { LoadRequest, RequestName } from "./requests.ts";

/** The fixtures that are measured. */
export type ModelFixture = "iris-onnx" | "digits-onnx";

/** The folder of a model fixture; its `model.onnx` is in `model/`. */
export function modelFolder(model: ModelFixture): string {
  return fileURLToPath(new URL(`../../test/fixtures/models/${model}`, import.meta.url));
}

interface Example {
  readonly name: string;
  readonly v1Request: { readonly instances: readonly unknown[] };
  readonly v1Response: { readonly predictions: readonly unknown[] };
  readonly v2Request: { readonly inputs: readonly [ExampleTensor] };
  readonly v2Response: { readonly outputs: readonly ExampleTensor[] };
  readonly tolerance: number;
}

interface ExampleTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A fixture's example with one instance. */
export function singleExample(model: ModelFixture): Example {
  const url = new URL(`../../test/fixtures/models/${model}/examples.json`, import.meta.url);
  const examples = JSON.parse(readFileSync(url, "utf8")) as readonly Example[];
  const example = examples.find(({ v2Request }) => v2Request.inputs[0].shape[0] === 1);
  if (example === undefined) throw new Error(`${model} has no example with one instance`);
  return example;
}

/** The names of those requests. */
export type FixtureRequestName = Exclude<RequestName, "small-v1" | "small-v2" | "medium" | "large" | "bin">;

/** A request whose data and answer are a model fixture's. */
export function fixtureRequest(name: FixtureRequestName): LoadRequest {
  const model = name.startsWith("iris") ? "iris-onnx" : "digits-onnx";
  const { v1Request, v1Response, v2Request, v2Response, tolerance } = singleExample(model);
  const [input] = v2Request.inputs;
  const outputs = {
    kind: "outputs",
    outputs: v2Response.outputs.map(({ data }) => data),
    tolerance,
  } as const;
  if (name === "iris-v1") {
    return {
      ...httpPost(PREDICT_PATH, JSON.stringify(v1Request)),
      status: 200,
      expected: { kind: "predictions", predictions: v1Response.predictions, tolerance },
    };
  }
  if (name === "digits-json" || name === "iris-v2") {
    return { ...httpPost(INFER_PATH, JSON.stringify(v2Request)), status: 200, expected: outputs };
  }
  const bytes = new Uint8Array(Float32Array.from(input.data).buffer);
  const post = binaryRequest([{ ...input, bytes }], { parameters: { binary_data_output: true } });
  return { ...post, status: 200, expected: outputs };
}
