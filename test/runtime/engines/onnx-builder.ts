/** Writes tiny ONNX models by hand, for what no fixture has. */
import { type Bytes, integer, message, text } from "./protobuf-writer.ts";

/** ONNX element types, as TensorProto numbers them. */
export const ONNX_FLOAT = 1;
export const ONNX_INT64 = 7;
export const ONNX_BFLOAT16 = 16;

export interface Value {
  readonly name: string;
  readonly type: number;
  /** A length, a dimension's name, or "" for an unnamed open one. */
  readonly shape: readonly (number | string)[];
}

export interface GraphOptions {
  readonly nodes: readonly {
    op: string;
    inputs: readonly string[];
    outputs: readonly string[];
    domain?: string;
    /** Integer attributes. */
    attributes?: Readonly<Record<string, number>>;
  }[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** FP32 values that the model has; one that is also an input is its default. */
  readonly initializers?: Readonly<Record<string, readonly number[]>>;
  /** FP32 matrices that the model has. */
  readonly matrices?: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>
  >;
  /** INT64 values that the model has. */
  readonly integers?: Readonly<Record<string, readonly number[]>>;
  readonly irVersion?: number;
}

function valueInfo({ name, type, shape }: Value): Bytes {
  const dimensions = shape.flatMap((length) =>
    message(1, typeof length === "number" ? integer(1, length) : length === "" ? [] : text(2, length)),
  );
  return [...text(1, name), ...message(2, message(1, [...integer(1, type), ...message(2, dimensions)]))];
}

function initializer(name: string, values: readonly number[]): Bytes {
  const raw = [...new Uint8Array(Float32Array.from(values).buffer)];
  return [...integer(1, values.length), ...integer(2, ONNX_FLOAT), ...text(8, name), ...message(9, raw)];
}

function integers(name: string, values: readonly number[]): Bytes {
  const raw = [...new Uint8Array(BigInt64Array.from(values, BigInt).buffer)];
  return [...integer(1, values.length), ...integer(2, ONNX_INT64), ...text(8, name), ...message(9, raw)];
}

function matrix(name: string, shape: readonly number[], values: Float32Array): Bytes {
  const raw = [...new Uint8Array(values.buffer)];
  const dimensions = shape.flatMap((length) => integer(1, length));
  return [...dimensions, ...integer(2, ONNX_FLOAT), ...text(8, name), ...message(9, raw)];
}

/** AttributeProto's number for an integer. */
const ATTRIBUTE_INT = 2;

function attribute(name: string, value: number): Bytes {
  return [...text(1, name), ...integer(3, value), ...integer(20, ATTRIBUTE_INT)];
}

/** The bytes of a model of opset 17. */
export function buildOnnx(graph: GraphOptions): Uint8Array {
  const nodes = graph.nodes.flatMap(({ op, inputs, outputs, domain, attributes = {} }) =>
    message(1, [
      ...inputs.flatMap((name) => text(1, name)),
      ...outputs.flatMap((name) => text(2, name)),
      ...text(4, op),
      ...Object.entries(attributes).flatMap(([name, value]) => message(5, attribute(name, value))),
      ...(domain === undefined ? [] : text(7, domain)),
    ]),
  );
  const body = [
    ...nodes,
    ...text(2, "graph"),
    ...Object.entries(graph.initializers ?? {}).flatMap(([name, values]) =>
      message(5, initializer(name, values)),
    ),
    ...Object.entries(graph.matrices ?? {}).flatMap(([name, { shape, values }]) =>
      message(5, matrix(name, shape, values)),
    ),
    ...Object.entries(graph.integers ?? {}).flatMap(([name, values]) => message(5, integers(name, values))),
    ...graph.inputs.flatMap((value) => message(11, valueInfo(value))),
    ...graph.outputs.flatMap((value) => message(12, valueInfo(value))),
  ];
  return Uint8Array.from([
    ...integer(1, graph.irVersion ?? 8),
    ...message(7, body),
    ...message(8, [...text(1, ""), ...integer(2, 17)]),
  ]);
}
