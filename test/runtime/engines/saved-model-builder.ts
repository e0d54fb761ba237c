/** Writes tiny SavedModels by hand, for what no fixture has. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bytes, integer, message, text } from "./protobuf-writer.ts";

/** TensorFlow's numbers of its datatypes. */
export const DT = {
  FLOAT: 1,
  DOUBLE: 2,
  INT32: 3,
  UINT8: 4,
  STRING: 7,
  INT64: 9,
  BOOL: 10,
} as const;

/** An input or output of a signature. */
export interface SignatureTensor {
  readonly name: string;
  readonly type: number;
  /** Undefined: of unknown rank. */
  readonly shape: readonly number[] | undefined;
  /** Of the graph, with the output's number: `x:0`. */
  readonly graphName: string;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs?: readonly string[];
  /** AttrValue messages by name. */
  readonly attributes?: Readonly<Record<string, Bytes>>;
}

export interface SavedModelOptions {
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly SignatureTensor[];
  readonly outputs: readonly SignatureTensor[];
  /** Default `serving_default`. */
  readonly signature?: string;
  /** Default `["serve"]`. */
  readonly tags?: readonly string[];
}

/** An attribute that is a datatype. */
export const typeOf = (type: number): Bytes => integer(6, type);

/** An attribute that is a shape. */
export const shapeOf = (shape: readonly number[]): Bytes => message(7, shapeMessage(shape));

/** An attribute that is a list of texts, as a one-dimensional tensor. */
export const textsOf = (texts: readonly string[]): Bytes =>
  message(8, [
    ...integer(1, DT.STRING),
    ...message(2, shapeMessage([texts.length])),
    ...texts.flatMap((each) => text(8, each)),
  ]);

function shapeMessage(shape: readonly number[] | undefined): Bytes {
  if (shape === undefined) return integer(3, 1);
  return shape.flatMap((length) => message(2, integer(1, length)));
}

function entry(field: number, key: string, value: Bytes): Bytes {
  return message(field, [...text(1, key), ...message(2, value)]);
}

function node({ name, op, inputs = [], attributes = {} }: GraphNode): Bytes {
  return message(1, [
    ...text(1, name),
    ...text(2, op),
    ...inputs.flatMap((input) => text(3, input)),
    ...Object.entries(attributes).flatMap(([key, value]) => entry(5, key, value)),
  ]);
}

function tensorInfo({ type, shape, graphName }: SignatureTensor): Bytes {
  return [...text(1, graphName), ...integer(2, type), ...message(3, shapeMessage(shape))];
}

/** The bytes of a saved_model.pb. */
export function buildSavedModel(options: SavedModelOptions): Uint8Array {
  const { nodes, inputs, outputs, signature = "serving_default", tags = ["serve"] } = options;
  const signatureDef = [
    ...inputs.flatMap((each) => entry(1, each.name, tensorInfo(each))),
    ...outputs.flatMap((each) => entry(2, each.name, tensorInfo(each))),
    ...text(3, "tensorflow/serving/predict"),
  ];
  const graph = [...nodes.flatMap(node), ...message(4, integer(1, 1882))];
  const metaGraph = [
    ...message(
      1,
      tags.flatMap((tag) => text(4, tag)),
    ),
    ...message(2, graph),
    ...entry(5, signature, signatureDef),
  ];
  return Uint8Array.from([...integer(1, 1), ...message(2, metaGraph)]);
}

/** Writes a SavedModel's folder and gives the path of its saved_model.pb. */
export function writeSavedModel(folder: string, options: SavedModelOptions): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "saved_model.pb");
  writeFileSync(path, buildSavedModel(options));
  return path;
}

/** A model that gives each of its inputs back: input `x` as output `x_out`. */
export function identities(
  inputs: Readonly<Record<string, { readonly type: number; readonly shape: readonly number[] }>>,
): SavedModelOptions {
  const entries = Object.entries(inputs);
  return {
    nodes: entries.flatMap(([name, { type, shape }]) => [
      { name, op: "Placeholder", attributes: { dtype: typeOf(type), shape: shapeOf(shape) } },
      { name: `${name}_out`, op: "Identity", inputs: [name], attributes: { T: typeOf(type) } },
    ]),
    inputs: entries.map(([name, spec]) => ({ name, ...spec, graphName: `${name}:0` })),
    outputs: entries.map(([name, spec]) => ({ name: `${name}_out`, ...spec, graphName: `${name}_out:0` })),
  };
}
