import { describeValue } from "../../contract/describe.ts";
import { KtsError } from "../../contract/errors.ts";
import type { NamedTensor } from "../../contract/inference.ts";
import { type Tensor, isTensor } from "../../contract/tensor.ts";

/**
 * Splits what a shared run gave, each part with memory of its own.
 * @param counts rows of each request
 * @param rows of all together
 * @throws KtsError KTS_BAD_PREDICTION when it does not have just so many rows, or cannot be told by row
 */
export function splitOutput(output: unknown, counts: readonly number[], rows: number): unknown[] {
  const split = splitter(output, rows);
  let from = 0;
  return counts.map((count) => {
    const part = split(from, from + count);
    from += count;
    return part;
  });
}

/**
 * Splits the tensors that a shared run gave into views: for those who only read them.
 * @param counts rows of each request
 * @param rows of all together, which each tensor has
 */
export function splitViews(
  tensors: readonly NamedTensor[],
  counts: readonly number[],
  rows: number,
): NamedTensor[][] {
  const parts = counts.map((): NamedTensor[] => []);
  for (const { name, datatype, shape, data } of tensors) {
    const width = data.length / rows;
    const rowShape = shape.slice(1);
    let from = 0;
    for (let at = 0; at < counts.length; at++) {
      const count = counts[at] as number;
      const to = from + count * width;
      const own = Array.isArray(data) ? data.slice(from, to) : (data as Float32Array).subarray(from, to);
      parts[at]?.push({ name, datatype, shape: [count, ...rowShape], data: own });
      from = to;
    }
  }
  return parts;
}

/**
 * Checks that a run which others could have shared gave a row for each of its own: it must not fail only under load.
 * @throws KtsError KTS_BAD_PREDICTION as {@link splitOutput}
 */
export function checkOutputRows(output: unknown, rows: number): void {
  splitter(output, rows);
}

type Splitter = (from: number, to: number) => unknown;

/** By the forms that predict may answer in; an object, by each of its members. */
function splitter(output: unknown, rows: number): Splitter {
  const split = valueSplitter(output, rows, "the answer");
  if (split !== undefined) return split;
  if (typeof output !== "object" || output === null) throw notByRow("the answer", output);
  if (Symbol.asyncIterator in output) throw new KtsError("KTS_BAD_PREDICTION", STREAMED, { hint: HINT });
  const members = Object.entries(output).map(([name, value]) => {
    const own = valueSplitter(value, rows, name);
    if (own === undefined) throw notByRow(name, value);
    return [name, own] as const;
  });
  if (members.length === 0) throw notByRow("the answer", output);
  // fromEntries makes a member of any name, `__proto__` too.
  return (from, to) => Object.fromEntries(members.map(([name, own]) => [name, own(from, to)]));
}

/** Undefined for what is no list of rows by itself. */
function valueSplitter(value: unknown, rows: number, what: string): Splitter | undefined {
  if (Array.isArray(value)) {
    if (value.length !== rows) throw wrongRows(what, value.length, rows);
    return (from, to) => value.slice(from, to);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const flat = value as Float32Array;
    const width = flat.length / rows;
    if (!Number.isInteger(width)) throw wrongRows(what, flat.length, rows, "elements");
    return (from, to) => flat.slice(from * width, to * width);
  }
  return isTensor(value) ? tensorSplitter(value, rows, what) : undefined;
}

function tensorSplitter({ datatype, shape, data }: Tensor, rows: number, what: string): Splitter {
  const [length, ...rowShape] = shape;
  if (length !== rows) throw wrongRows(what, length ?? 0, rows);
  const width = data.length / rows;
  return (from, to) => ({
    datatype,
    shape: [to - from, ...rowShape],
    data: data.slice(from * width, to * width),
  });
}

const HINT =
  "A predictor with batching answers with one row an instance; see batching, or leave it out of the predictor.";

const STREAMED = "the answer is a stream, which cannot be told by instance";

function wrongRows(what: string, got: number, rows: number, unit = "rows"): KtsError {
  return new KtsError("KTS_BAD_PREDICTION", `${what} has ${got} ${unit} for ${rows} instances`, {
    hint: HINT,
  });
}

function notByRow(what: string, value: unknown): KtsError {
  const problem = `${what} is ${describeValue(value)}, which cannot be told by instance`;
  return new KtsError("KTS_BAD_PREDICTION", problem, { hint: HINT });
}
