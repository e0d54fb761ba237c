import { describeValue } from "../contract/describe.ts";
import { isDatatype } from "../contract/datatype.ts";
import { InvalidInput } from "../contract/errors.ts";
import type { TensorSpec } from "../contract/signature.ts";
import { parseJson } from "../protocol/json/parse.ts";
import { readName, readObject, readOptionalString } from "../protocol/v2/members.ts";
import { readAs } from "./unreadable.ts";

/** What a server says about itself. */
export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  /** Names of the protocol's extensions that it has, such as `binary_tensor_data`. */
  readonly extensions: readonly string[];
}

/** What a server says about a model. */
export interface ModelMetadata {
  readonly name: string;
  /** Empty where the model has no versions. */
  readonly versions: readonly string[];
  /** Framework or format, such as `onnxruntime`; "" where the server does not say. */
  readonly platform: string;
  /** Empty where the server does not know them. */
  readonly inputs: readonly TensorSpec[];
  /** Empty where the server does not know them. */
  readonly outputs: readonly TensorSpec[];
}

/** @throws KtsError KTS_SERVER_ANSWERED when the bytes are no server metadata */
export function readServerMetadata(bytes: Uint8Array): ServerMetadata {
  return readAs("server metadata", () => {
    const members = readObject(parseJson(bytes), undefined);
    return {
      name: readName(members["name"], "name"),
      version: readOptionalString(members["version"], "version") ?? "",
      extensions: readStrings(members["extensions"], "extensions"),
    };
  });
}

/** @throws KtsError KTS_SERVER_ANSWERED when the bytes are no model metadata */
export function readModelMetadata(bytes: Uint8Array): ModelMetadata {
  return readAs("model metadata", () => {
    const members = readObject(parseJson(bytes), undefined);
    return {
      name: readName(members["name"], "name"),
      versions: readStrings(members["versions"], "versions"),
      platform: readOptionalString(members["platform"], "platform") ?? "",
      inputs: readList(members["inputs"], "inputs").map((spec, index) => readSpec(spec, `inputs[${index}]`)),
      outputs: readList(members["outputs"], "outputs").map((spec, index) =>
        readSpec(spec, `outputs[${index}]`),
      ),
    };
  });
}

/** @throws KtsError KTS_SERVER_ANSWERED when the bytes are no list of models */
export function readModelNames(bytes: Uint8Array): string[] {
  return readAs("list of models", () => {
    const { models } = readObject(parseJson(bytes), undefined);
    if (models !== undefined) return readStrings(models, "models");
    throw new InvalidInput("expected an array, got nothing", { path: "models" });
  });
}

/**
 * Whether a health answer that is a success says yes: an empty body does, and an object in which the member is not
 * false. Some servers say `live` where they are asked whether they are ready.
 * @throws KtsError KTS_SERVER_ANSWERED when it is something else, such as a web page
 */
export function readHealth(bytes: Uint8Array, member: string): boolean {
  if (bytes.length === 0) return true;
  return readAs("health answer", () => readObject(parseJson(bytes), undefined)[member] !== false);
}

function readSpec(value: unknown, path: string): TensorSpec {
  const members = readObject(value, path);
  const { datatype } = members;
  if (!isDatatype(datatype)) {
    throw new InvalidInput(`expected a datatype, got ${describeValue(datatype)}`, {
      path: `${path}.datatype`,
    });
  }
  const shape = readList(members["shape"], `${path}.shape`).map((length, index) => {
    if (typeof length === "number") return length;
    throw new InvalidInput(`expected a length, got ${describeValue(length)}`, {
      path: `${path}.shape[${index}]`,
    });
  });
  return { name: readName(members["name"], `${path}.name`), datatype, shape };
}

function readStrings(value: unknown, path: string): string[] {
  return readList(value, path).map((element, index) => readName(element, `${path}[${index}]`));
}

/** A list; empty where it is absent or null. */
function readList(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new InvalidInput(`expected an array, got ${describeValue(value)}`, { path });
}
