import type { TensorSpec } from "../../../contract/signature.ts";
import { type Leaf, type Tensor, countOf, flatten, isObject, nest, shapeOf } from "./values.ts";

/** A V1 body: an instance is a value, or an object of them where the model has several inputs. */
export function v1Body(tensors: readonly Tensor[], inputs: readonly TensorSpec[]): unknown {
  const rows = Math.max(0, ...tensors.map(({ shape }) => shape[0] ?? 1));
  const valueOf = ({ data, shape }: Tensor, row: number): unknown => {
    const inner = shape.slice(1);
    const step = countOf(inner);
    return nest(data.slice(row * step, (row + 1) * step), inner);
  };
  const instances = Array.from({ length: rows }, (_, row) => {
    if (inputs.length === 1 && tensors[0] !== undefined) return valueOf(tensors[0], row);
    return Object.fromEntries(tensors.map((tensor) => [tensor.name, valueOf(tensor, row)]));
  });
  return { instances };
}

/** A V2 body. */
export function v2Body(tensors: readonly Tensor[]): unknown {
  return { inputs: tensors.map(({ name, datatype, shape, data }) => ({ name, datatype, shape, data })) };
}

/** The protocol of a body; undefined for what is neither. */
export function protocolOf(body: unknown): "v1" | "v2" | undefined {
  if (!isObject(body)) return undefined;
  if (Array.isArray(body["instances"])) return "v1";
  return Array.isArray(body["inputs"]) ? "v2" : undefined;
}

/** The tensors of a body, by the model's inputs; undefined where it has something that only JSON can say. */
export function tensorsOf(body: unknown, inputs: readonly TensorSpec[]): Tensor[] | undefined {
  if (!isObject(body)) return undefined;
  const members = Object.keys(body);
  if (members.length === 1 && Array.isArray(body["inputs"])) return ofV2(body["inputs"]);
  if (members.length === 1 && Array.isArray(body["instances"])) return ofV1(body["instances"], inputs);
  return undefined;
}

/** The tensors of V2's `inputs`; undefined where one is none, or has parameters. */
export function ofV2(items: readonly unknown[]): Tensor[] | undefined {
  const tensors = items.map((item): Tensor | undefined => {
    if (!isObject(item)) return undefined;
    const { name, datatype, shape } = item;
    const data = flatten(item["data"]);
    if (typeof name !== "string" || typeof datatype !== "string" || !Array.isArray(shape)) return undefined;
    const lengths = shape.map(Number);
    return data?.length === countOf(lengths) ? { name, datatype, shape: lengths, data } : undefined;
  });
  return tensors.every((tensor) => tensor !== undefined) ? tensors : undefined;
}

function ofV1(instances: readonly unknown[], inputs: readonly TensorSpec[]): Tensor[] | undefined {
  if (instances.length === 0) return undefined;
  const tensors: Tensor[] = [];
  for (const { name, datatype, shape } of inputs) {
    const values =
      inputs.length === 1 ? instances : instances.map((one) => (isObject(one) ? one[name] : undefined));
    if (values.every((value) => value === undefined)) continue;
    const data = flatten(values);
    const found = shapeOf(values);
    // As the model names its dimensions, where the instances leave out those of length 1.
    const inner = shape.slice(1).map((length) => (length < 0 ? 1 : length));
    const lengths = found.length === shape.length ? found : [instances.length, ...inner];
    if (data === undefined || data.length !== countOf(lengths) || data.some(isMissing)) return undefined;
    tensors.push({ name, datatype, shape: lengths, data });
  }
  return tensors.length === 0 ? undefined : tensors;
}

function isMissing(leaf: Leaf | undefined): boolean {
  return leaf === undefined;
}
