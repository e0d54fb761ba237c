import { InferenceClient } from "../../client/index.ts";
import { KtsError } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { readExamples } from "../build/read-examples.ts";
import { readRequestBody } from "../predict/request-body.ts";
import type { BenchExample } from "./traffic.ts";

/** Larger zeros say little of a model, and would have to be sent as text. */
const MOST_ELEMENTS = 1_000_000;

/**
 * The requests to send: those of the files that are named, else the project's examples.
 * @param project the folder, or a file in it
 * @throws KtsError KTS_USAGE, KTS_INVALID_INPUT, KTS_BUILD_INPUT when a file is no request
 */
export async function readRequests(
  inputs: readonly string[],
  project: string,
): Promise<readonly BenchExample[]> {
  if (inputs.length > 0) {
    return Promise.all(inputs.map(async (name) => ({ name, ...(await readRequestBody(name, "auto")) })));
  }
  const examples = await readExamples(project);
  return examples.map(({ name, protocol, text }) => ({ name, protocol, text: wholeBody(protocol, text) }));
}

/** A list alone is taken for V1's instances. */
function wholeBody(protocol: "v1" | "v2", text: string): string {
  return protocol === "v1" && text.trimStart().startsWith("[") ? `{"instances":${text}}` : text;
}

/**
 * A request of zeros in the shapes that the model's signature has, for want of an example.
 * @throws KtsError KTS_USAGE when there is no signature, or it is too large for that
 */
export async function zeroRequest(
  url: string,
  model: string,
  headers: Readonly<Record<string, string>>,
): Promise<BenchExample> {
  using client = new InferenceClient(url, { headers });
  const { inputs } = await client.modelMetadata(model);
  const count = inputs.reduce((sum, spec) => sum + elementsOf(spec), 0);
  if (inputs.length === 0 || count > MOST_ELEMENTS) {
    const why = inputs.length === 0 ? "the model says nothing of its inputs" : "its inputs are large";
    throw new KtsError("KTS_USAGE", `there is no request to send: there are no examples, and ${why}`, {
      hint: "Put a request into examples/, or name a file with --input.",
    });
  }
  const body = {
    inputs: inputs.map((spec) => ({
      name: spec.name,
      datatype: spec.datatype,
      shape: shapeOf(spec),
      data: new Array<unknown>(elementsOf(spec)).fill(zeroOf(spec)),
    })),
  };
  return { name: "zeros", protocol: "v2", text: JSON.stringify(body) };
}

function shapeOf({ shape }: TensorSpec): readonly number[] {
  return shape.map((length) => (length < 0 ? 1 : length));
}

function elementsOf(spec: TensorSpec): number {
  return shapeOf(spec).reduce((product, length) => product * length, 1);
}

function zeroOf({ datatype }: TensorSpec): unknown {
  if (datatype === "BYTES") return "";
  return datatype === "BOOL" ? false : 0;
}
