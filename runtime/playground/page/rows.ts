import { type Leaf, countOf, flatten, isObject, nest, shapeOf } from "./values.ts";

/** An answer for one instance: values by output. */
export type Row = Readonly<Record<string, unknown>>;

/** The answer by instances; undefined for what is no prediction. */
export function rowsOf(value: unknown): Row[] | undefined {
  if (Array.isArray(value)) {
    // A stream: one answer after the other.
    const each = value.map(rowsOf);
    return each.every((rows) => rows !== undefined) ? each.flat() : undefined;
  }
  if (!isObject(value)) return undefined;
  if ("predictions" in value) return listed(value["predictions"], "prediction");
  if ("explanations" in value) return listed(value["explanations"], "explanation");
  return Array.isArray(value["outputs"]) ? ofOutputs(value["outputs"]) : undefined;
}

function listed(values: unknown, name: string): Row[] {
  const list: readonly unknown[] = Array.isArray(values) ? values : [values];
  return list.map((value) => (isObject(value) ? value : { [name]: value }));
}

function ofOutputs(outputs: readonly unknown[]): Row[] {
  const rows: Record<string, unknown>[] = [];
  for (const output of outputs) {
    if (!isObject(output) || !Array.isArray(output["shape"])) continue;
    const shape = output["shape"].map(Number);
    const data = flatten(output["data"]) ?? [];
    const [count = 1, ...inner] = shape;
    const step = countOf(inner);
    for (let row = 0; row < count; row++) {
      (rows[row] ??= {})[String(output["name"])] = nest(data.slice(row * step, (row + 1) * step), inner);
    }
  }
  return rows;
}

/** The names of a table's columns: what any row has. */
export function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

/** Numbers to draw bars of; undefined where a value is no list of a few numbers. */
export function barsOf(value: unknown): number[] | undefined {
  if (!Array.isArray(value) || value.length < 2 || value.length > 100) return undefined;
  return value.every((item) => typeof item === "number") ? value : undefined;
}

/** A picture's pixels. */
export interface Picture {
  readonly shape: readonly number[];
  readonly data: readonly Leaf[];
}

/** The elements of a value that looks like a picture by its shape. */
export function pictureOf(value: unknown): Picture | undefined {
  const shape = shapeOf(value);
  if (shape.length !== 2 && shape.length !== 3) return undefined;
  const data = flatten(value);
  return data?.length === countOf(shape) ? { shape, data } : undefined;
}
