import { messageOf } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { stackInstances, unstackTensors } from "../../protocol/convert/index.ts";
import type { EncodedBody } from "../../protocol/body.ts";
import { DEFAULT_LIMITS } from "../../protocol/limits.ts";
import { decodeV1Request, encodeV1Request } from "../../protocol/v1.ts";
import { encodeV2Request } from "../../protocol/v2.ts";
import type { Example } from "../examples/read-examples.ts";
import { type InferRequest, inferRequest } from "../predict/tensors.ts";

/** A request in the forms that there are, or why it cannot be said in one of them. */
export interface TestRequests {
  /** A body of V1. */
  readonly v1: TextForm | Inexpressible;
  /** A body of V2 in JSON. */
  readonly v2: TextForm | Inexpressible;
  /** V2's tensors, to be sent as bytes. */
  readonly tensors: TensorForm | Inexpressible;
}

/** A body of JSON. */
export interface TextForm {
  readonly kind: "text";
  readonly text: string;
  readonly origin: Origin;
}

/** Tensors by name, and what else a request of V2 says. */
export interface TensorForm {
  readonly kind: "tensors";
  readonly request: InferRequest;
  readonly origin: Origin;
}

/**
 * How a request came about. `own`: the example has it. `exact`: made by the rules that the server converts by.
 * `reshaped`: its values in the model's shape, which the example does not have, so that a predictor may refuse it.
 */
export type Origin = "own" | "exact" | "reshaped";

/** A form that a request has not. */
export interface Inexpressible {
  readonly kind: "inexpressible";
  readonly reason: string;
}

/**
 * An example's request in the forms of V1 and of V2: as it is written, and converted by the model's inputs as the server
 * converts it for a predictor.
 * @param inputs of the model's signature; empty where it is not known
 */
export function requestsOf(
  { protocol, text }: Pick<Example, "protocol" | "text">,
  inputs: readonly TensorSpec[],
): TestRequests {
  if (protocol === "v2") return { v1: asV1(text, inputs), v2: own(text), tensors: asTensors(text) };
  // A list alone is taken for V1's instances, as `kserve-ts predict` takes it.
  const body = text.trimStart().startsWith("[") ? `{"instances":${text}}` : text;
  const tensors = stackedTensors(body, inputs);
  return { v1: own(body), v2: tensors.kind === "tensors" ? asJson(tensors) : tensors, tensors };
}

function own(text: string): TextForm {
  return { kind: "text", text, origin: "own" };
}

function asTensors(text: string): TensorForm | Inexpressible {
  try {
    return { kind: "tensors", request: inferRequest(text), origin: "own" };
  } catch (error) {
    return inexpressible(messageOf(error));
  }
}

function asJson({ request, origin }: TensorForm): TextForm | Inexpressible {
  const { tensors, parameters } = request;
  try {
    const body = encodeV2Request({
      id: undefined,
      parameters,
      tensors,
      outputs: undefined,
      binary: false,
      binaryOutput: false,
    });
    return { kind: "text", text: textOf(body), origin };
  } catch (error) {
    return inexpressible(messageOf(error));
  }
}

function stackedTensors(text: string, inputs: readonly TensorSpec[]): TensorForm | Inexpressible {
  if (inputs.length === 0) return inexpressible(NO_SIGNATURE);
  try {
    const { instances, parameters } = decodeV1Request(new TextEncoder().encode(text), DEFAULT_LIMITS);
    const odd = Object.entries(parameters).find(([, value]) => !isParameter(value));
    if (odd !== undefined) return inexpressible(`its member ${odd[0]} is none of V2's parameters`);
    const made = stacked(instances, inputs);
    if ("reason" in made) return inexpressible(made.reason);
    const { tensors, origin } = made;
    const given = Object.keys(parameters).length > 0 && {
      parameters: { ...parameters } as NonNullable<InferRequest["parameters"]>,
    };
    return { kind: "tensors", request: { tensors, ...given }, origin };
  } catch (error) {
    return inexpressible(messageOf(error));
  }
}

function textOf({ head, tail }: EncodedBody): string {
  return Buffer.concat([Buffer.from(head), ...tail]).toString();
}

const NO_SIGNATURE = "the model does not say what it takes";

function isParameter(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function stacked(
  instances: readonly unknown[],
  inputs: readonly TensorSpec[],
): (Pick<InferRequest, "tensors"> & { readonly origin: Origin }) | { readonly reason: string } {
  try {
    return { tensors: stackInstances(instances, inputs, DEFAULT_LIMITS), origin: "exact" };
  } catch (error) {
    const specs = inputs.map(({ name, datatype, shape }) => `${name} ${datatype} [${shape.join(", ")}]`);
    const reason = `its instances are not the values of ${specs.join(", ")} (${messageOf(error)})`;
    const reshaped = reshapedInstances(instances, inputs);
    if (reshaped === undefined) return { reason };
    try {
      return { tensors: stackInstances(reshaped, inputs, DEFAULT_LIMITS), origin: "reshaped" };
    } catch {
      return { reason };
    }
  }
}

/** A predictor may take rows in other shapes of the same values: 28 x 28 for 1 x 28 x 28. */
function reshapedInstances(
  instances: readonly unknown[],
  inputs: readonly TensorSpec[],
): readonly unknown[] | undefined {
  const [spec] = inputs;
  const shape = spec?.shape.slice(1) ?? [];
  if (inputs.length !== 1 || shape.length === 0 || shape.some((length) => length < 0)) return undefined;
  const count = shape.reduce((product, length) => product * length, 1);
  const rows = instances.map((instance) =>
    Array.isArray(instance) ? (instance.flat(Infinity) as unknown[]) : [],
  );
  if (rows.some((row) => row.length !== count)) return undefined;
  return rows.map((row) => nested(row, shape));
}

function nested(values: readonly unknown[], shape: readonly number[]): unknown {
  const [length = 0, ...rest] = shape;
  if (rest.length === 0) return values;
  const size = values.length / length;
  return Array.from({ length }, (_, at) => nested(values.slice(at * size, (at + 1) * size), rest));
}

function asV1(text: string, inputs: readonly TensorSpec[]): TextForm | Inexpressible {
  if (inputs.length === 0) return inexpressible(NO_SIGNATURE);
  try {
    const { tensors, outputs, parameters } = inferRequest(text);
    if (outputs !== undefined) return inexpressible("it asks for outputs by name");
    const body = encodeV1Request(unstackTensors(tensors), parameters);
    return { kind: "text", text: textOf(body), origin: "exact" };
  } catch (error) {
    return inexpressible(messageOf(error));
  }
}

function inexpressible(reason: string): Inexpressible {
  return { kind: "inexpressible", reason };
}
