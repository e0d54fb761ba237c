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
  }[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** FP32 values that the model has; one that is also an input is its default. */
  readonly initializers?: Readonly<Record<string, readonly number[]>>;
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

/** The bytes of a model of opset 17. */
export function buildOnnx(graph: GraphOptions): Uint8Array {
  const nodes = graph.nodes.flatMap(({ op, inputs, outputs, domain }) =>
    message(1, [
      ...inputs.flatMap((name) => text(1, name)),
      ...outputs.flatMap((name) => text(2, name)),
      ...text(4, op),
      ...(domain === undefined ? [] : text(7, domain)),
    ]),
  );
  const body = [
    ...nodes,
    ...text(2, "graph"),
    ...Object.entries(graph.initializers ?? {}).flatMap(([name, values]) =>
      message(5, initializer(name, values)),
    ),
    ...graph.inputs.flatMap((value) => message(11, valueInfo(value))),
    ...graph.outputs.flatMap((value) => message(12, valueInfo(value))),
  ];
  return Uint8Array.from([
    ...integer(1, graph.irVersion ?? 8),
    ...message(7, body),
    ...message(8, [...text(1, ""), ...integer(2, 17)]),
  ]);
}
