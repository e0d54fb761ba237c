import type { ModelSignature } from "./proof-report.ts";

type Spec = ModelSignature["inputs"][number];

/** A request put in the other protocol, or why it cannot be. */
export type Converted = { readonly body: string } | { readonly reason: string };

/** A tensor as V2's JSON has it. */
interface V2Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

/** V1's instances as V2's tensors, by the model's signature: they hold the same values. */
export function asV2(v1Body: unknown, { inputs }: ModelSignature): Converted {
  const instances = Array.isArray(v1Body) ? v1Body : (v1Body as { instances?: unknown }).instances;
  if (!Array.isArray(instances) || instances.length === 0) return { reason: "it has no instances" };
  if (inputs.length === 0) return { reason: "the model does not say what it takes" };
  const tensors: V2Tensor[] = [];
  for (const spec of inputs) {
    const rows = instances.map((instance) => valueOf(instance, spec.name, inputs.length === 1));
    const tensor = tensorOf(rows, spec);
    if (tensor === undefined) return { reason: `its instances are not the values of ${textOf(spec)}` };
    tensors.push(tensor);
  }
  return { body: JSON.stringify({ inputs: tensors }) };
}

/** V2's tensors as V1's instances: a row each, by name where there are several. */
export function asV1(v2Body: unknown): Converted {
  const { inputs } = v2Body as { inputs?: readonly V2Tensor[] };
  if (!Array.isArray(inputs) || inputs.length === 0) return { reason: "it has no inputs" };
  const rows = (inputs as readonly V2Tensor[]).map(({ name, shape, data }) => ({
    name,
    rows: Array.isArray(data) && shape.length > 0 ? nest(data.flat(Infinity), shape) : undefined,
  }));
  const count = rows[0]?.rows?.length ?? 0;
  if (count === 0 || rows.some((input) => input.rows?.length !== count)) {
    return { reason: "its tensors are not rows of one batch" };
  }
  const [only] = rows;
  const instances =
    rows.length === 1
      ? only?.rows
      : Array.from({ length: count }, (_, row) =>
          Object.fromEntries(rows.map((input) => [input.name, input.rows?.[row]])),
        );
  return { body: JSON.stringify({ instances }) };
}

function valueOf(instance: unknown, name: string, isOnly: boolean): unknown {
  const isObject = typeof instance === "object" && instance !== null && !Array.isArray(instance);
  if (isObject && Object.hasOwn(instance, name)) return (instance as Record<string, unknown>)[name];
  return isOnly && !isObject ? instance : undefined;
}

function tensorOf(rows: readonly unknown[], { name, datatype, shape }: Spec): V2Tensor | undefined {
  const own = shapeOf(rows);
  const data = rows.flat(Infinity);
  const wanted = datatype === "BYTES" ? "string" : datatype === "BOOL" ? "boolean" : "number";
  if (own === undefined || data.some((value) => typeof value !== wanted)) return undefined;
  const fits =
    own.length === shape.length && shape.every((length, axis) => length < 0 || length === own[axis]);
  if (fits) return { name, datatype, shape: own, data };
  // A predictor may take rows in other shapes of the same values: 28 x 28 for 1 x 28 x 28.
  const rest = shape.slice(1);
  const size = rest.reduce((product, length) => product * length, 1);
  if (rest.some((length) => length < 0) || data.length !== rows.length * size) return undefined;
  return { name, datatype, shape: [rows.length, ...rest], data };
}

/** The shape of nested lists; undefined when they are ragged. */
function shapeOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return [];
  const inner = value.map(shapeOf);
  const [first] = inner;
  if (value.length === 0 || first === undefined) return undefined;
  const isEven = inner.every(
    (shape) => shape?.length === first.length && shape.every((n, i) => n === first[i]),
  );
  return isEven ? [value.length, ...first] : undefined;
}

function nest(data: readonly unknown[], shape: readonly number[]): unknown[] | undefined {
  const [length = 0, ...rest] = shape;
  if (rest.length === 0) return data.length === length ? [...data] : undefined;
  const size = data.length / length;
  if (!Number.isInteger(size)) return undefined;
  const rows = Array.from({ length }, (_, row) => nest(data.slice(row * size, (row + 1) * size), rest));
  return rows.includes(undefined) ? undefined : rows;
}

function textOf({ name, datatype, shape }: Spec): string {
  return `${name} ${datatype} [${shape.join(", ")}]`;
}
