import { type BinaryBody, encodeBinary } from "./binary.ts";
import { ofV2, protocolOf } from "./body.ts";
import { type Tensor, compactJson, isObject, parseJson } from "./values.ts";

/** How a request is written. */
export type Protocol = "v1" | "v2" | "binary";

/** What is asked. */
export interface Target {
  readonly model: string;
  /** Undefined: the one that serves. */
  readonly version: string | undefined;
  readonly protocol: Protocol;
  readonly verb: "predict" | "explain";
  readonly isStream: boolean;
}

/** A request that can be sent. */
export interface Prepared {
  readonly target: Target;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** The body as a value. */
  readonly value: unknown;
  /** Of a V2 body whose inputs are plain. */
  readonly tensors: readonly Tensor[] | undefined;
}

/**
 * Makes a request of a body's JSON.
 * @throws Error for a text that is no JSON, or that the protocol cannot say
 */
export function prepare(target: Target, text: string): Prepared {
  const value = parseBody(text);
  const found = protocolOf(value);
  const wanted = target.protocol === "v1" ? "v1" : "v2";
  if (found !== undefined && found !== wanted) {
    throw new Error(`This is a body of ${found.toUpperCase()}, but ${wanted.toUpperCase()} is chosen.`);
  }
  const items = isObject(value) && Array.isArray(value["inputs"]) ? value["inputs"] : undefined;
  const tensors = wanted === "v2" && items !== undefined ? ofV2(items) : undefined;
  const json = { "Content-Type": "application/json" };
  const accept = target.isStream ? { Accept: "text/event-stream" } : {};
  const common = { target, path: pathOf(target), value, tensors };
  // Streams are text: V2 has no binary form of them.
  if (target.protocol !== "binary" || target.isStream) {
    return { ...common, headers: { ...json, ...accept }, body: compactJson(value) };
  }
  if (tensors === undefined) {
    throw new Error(
      "Binary tensors need inputs with a name, a datatype, a shape and as many data as it says.",
    );
  }
  const { bytes, jsonLength }: BinaryBody = encodeBinary(tensors);
  const headers = {
    "Content-Type": "application/octet-stream",
    "Inference-Header-Content-Length": String(jsonLength),
  };
  return { ...common, headers, body: bytes };
}

function parseBody(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new Error(`The body is no JSON. ${(error as Error).message}`, { cause: error });
  }
}

function pathOf({ model, version, protocol, verb, isStream }: Target): string {
  const name = encodeURIComponent(model);
  if (protocol === "v1") return `/v1/models/${name}:${verb}`;
  const of = version === undefined ? "" : `/versions/${encodeURIComponent(version)}`;
  return `/v2/models/${name}${of}/${isStream ? "infer_stream" : "infer"}`;
}
