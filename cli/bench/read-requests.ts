import type { TensorSpec } from "../../contract/signature.ts";
import { elementCount } from "../../contract/tensor.ts";
import { KtsError } from "../../contract/errors.ts";
import { projectExamples } from "../examples/project-examples.ts";
import { readRequestBody } from "../predict/request-body.ts";
import { requestsOf } from "../test/requests.ts";
import type { BenchExample, BenchProtocol } from "./traffic.ts";

/** Larger zeros say little of a model, and would have to be sent as text. */
const MOST_ELEMENTS = 1_000_000;

/** A request of a project, and the model that it is for, where its folder says so. */
export interface ProjectRequest extends BenchExample {
  readonly model?: string | undefined;
}

/**
 * The requests of the files that are named, else the project's examples.
 * @param project the folder, or a file in it
 * @throws KtsError KTS_USAGE, KTS_INVALID_INPUT, KTS_BUILD_INPUT when a file is no request
 */
export async function readRequests(
  inputs: readonly string[],
  project: string,
): Promise<readonly ProjectRequest[]> {
  if (inputs.length === 0) return projectExamples(project);
  return Promise.all(inputs.map(async (name) => ({ name, ...(await readRequestBody(name, "auto")) })));
}

/**
 * The requests for a model in the form that a protocol takes: as they are written, else converted as the server would.
 * Those that cannot be said in it are left out. Without any there are zeros in the shapes of the model's signature.
 * @param inputsOf asks for the model's inputs
 * @throws KtsError KTS_USAGE when there is nothing to send; what `inputsOf` throws
 */
export async function requestsFor(
  all: readonly ProjectRequest[],
  model: string,
  protocol: BenchProtocol,
  inputsOf: () => Promise<readonly TensorSpec[]>,
): Promise<readonly BenchExample[]> {
  const own = all.filter((request) => request.model === undefined || request.model === model);
  if (own.length === 0) return [zeroRequest(await inputsOf())];
  const form = protocol === "auto" ? undefined : protocol === "v1" ? "v1" : "v2";
  const isWritten = own.every((request) => form === undefined || request.protocol === form);
  const inputs = isWritten ? [] : await inputsOf();
  const said: BenchExample[] = [];
  let firstReason = "";
  for (const request of own) {
    const wanted = form ?? request.protocol;
    const made = requestsOf(request, inputs)[wanted];
    // A predictor may refuse values in another shape than the example's.
    const isExact = made.kind === "text" && made.origin !== "reshaped";
    if (isExact) said.push({ name: request.name, protocol: wanted, text: made.text });
    else if (firstReason === "") {
      const reason = made.kind === "text" ? "its values have another shape" : made.reason;
      firstReason = `${request.name} cannot be said in it: ${reason}`;
    }
  }
  if (said.length > 0) return said;
  throw new KtsError("KTS_USAGE", `--protocol ${protocol}: ${firstReason}`, {
    hint: `Add an example that is written in ${form === "v1" ? "V1" : "V2"}, or name one with --input.`,
  });
}

/** @throws KtsError KTS_USAGE when there is no signature, or it is too large for that */
function zeroRequest(inputs: readonly TensorSpec[]): BenchExample {
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
  return elementCount(shapeOf(spec));
}

function zeroOf({ datatype }: TensorSpec): unknown {
  if (datatype === "BYTES") return "";
  return datatype === "BOOL" ? false : 0;
}
