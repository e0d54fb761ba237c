/** A value without parts. Integers that a double cannot hold are bigint, so that they stay exact. */
export type Leaf = number | bigint | boolean | string | null;

/** A tensor: its elements row by row. */
export interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly Leaf[];
}

/** How many elements a shape has. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1);
}

/** Elements as lists in lists. */
export function nest(data: readonly Leaf[], shape: readonly number[]): unknown {
  const [length, ...rest] = shape;
  if (length === undefined) return data[0];
  if (rest.length === 0) return data.slice(0, length);
  const step = countOf(rest);
  return Array.from({ length }, (_, at) => nest(data.slice(at * step, (at + 1) * step), rest));
}

/** The elements of lists in lists; undefined where something else is among them. */
export function flatten(value: unknown): Leaf[] | undefined {
  const leaves: unknown[] = Array.isArray(value) ? value.flat(Infinity) : [value];
  return leaves.every((leaf) => leaf === null || typeof leaf !== "object") ? (leaves as Leaf[]) : undefined;
}

/** The lengths of lists in lists, by their first elements. */
export function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...(value.length === 0 ? [] : shapeOf(value[0]))] : [];
}

/** Whether a value is an object with members. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Browsers give a reviver the number's own text (ES2025); where they do not, it is rounded as usual. */
type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context?: { readonly source?: string },
) => unknown;

/** Reads JSON and keeps integers exact. @throws SyntaxError */
export function parseJson(text: string): unknown {
  const exact: Reviver = (_key, value, context) => {
    const source = context?.source;
    const isRounded = typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined;
    return isRounded && /^-?\d+$/.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, exact);
}

/** Longer lists, in characters, are broken into lines. */
const WIDTH = 76;

/** Writes JSON to be read: short lists and objects on one line, long lists of numbers filled into lines. */
export function printJson(value: unknown, indent = ""): string {
  const flat = compactJson(value, " ");
  if (flat.length <= WIDTH - indent.length || typeof value !== "object" || value === null) return flat;
  const inner = `${indent}  `;
  if (!Array.isArray(value)) {
    const members = Object.entries(value).map(
      ([key, member]) => `${inner}${JSON.stringify(key)}: ${printJson(member, inner)}`,
    );
    return `{\n${members.join(",\n")}\n${indent}}`;
  }
  const isFlat = value.every((item) => item === null || typeof item !== "object");
  const items = isFlat ? filled(value as Leaf[], inner) : value.map((item) => inner + printJson(item, inner));
  return `[\n${items.join(isFlat ? "\n" : ",\n")}\n${indent}]`;
}

function filled(leaves: readonly Leaf[], indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  leaves.forEach((leaf, index) => {
    const text = compactJson(leaf) + (index === leaves.length - 1 ? "" : ",");
    if (line.length > indent.length && line.length + text.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? text : ` ${text}`;
  });
  return [...lines, line];
}

/** Writes JSON to be sent. @param gap between the parts, where it is to be read */
export function compactJson(value: unknown, gap = ""): string {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => compactJson(item, gap)).join(`,${gap}`)}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const texts = members.map(([key, member]) => `${JSON.stringify(key)}:${gap}${compactJson(member, gap)}`);
  return `{${texts.join(`,${gap}`)}}`;
}
