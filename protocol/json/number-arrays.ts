import { concatBytes, fastView, indexOfBytes, unguessable, utf8Bytes } from "../elements/platform.ts";
import type { DecodeLimits } from "../limits.ts";
import { decodeText, parseJson } from "./parse.ts";
import { isSpace, scanNumbers, scannedCount } from "./scan-numbers.ts";
import { checkStructure } from "./structure.ts";

/** Below this size JSON.parse alone is as quick. */
const WORTH_BYTES = 2048;

/** Memory for numbers that is kept for the next request, in elements: 8 MB, enough for a tensor of 1024 x 1024. */
const KEPT_NUMBERS = 1_048_576;

/** Stands for an array while the rest is parsed; nobody outside this process can know it. */
const MARK = `${unguessable()}#`;

/** What a tensor's array of numbers follows. White space between is rare enough to be left to JSON.parse. */
const KEY = utf8Bytes('"data":[');

const CLOSE_BRACE = 0x7d;

let kept = new Float64Array(0);

/** An object of the JSON whose `data` may be a long array of numbers. */
type DataHolder = Record<string, unknown>;

/**
 * A body's JSON as a value, like `parseJson`, but with a Float64Array in place of each flat array of numbers that is
 * the `data` of an element of the top level's `inputs` or `outputs`. Valid until the next call: their memory is used
 * again.
 *
 * Such an array is read by us, the rest by JSON.parse with a mark in the array's place, so that it alone decides what
 * is a key, a string or JSON at all. Wherever a mark does not come back as a tensor's `data` (a `"data":[` somewhere
 * else, a key given twice), everything is left to JSON.parse.
 * @throws as `parseJson`
 */
export function parseWithNumbers(bytes: Uint8Array, limits: DecodeLimits): unknown {
  if (bytes.length < WORTH_BYTES) return parseJson(bytes, limits);
  return parseAround(bytes, limits) ?? parseJson(bytes, limits);
}

function parseAround(bytes: Uint8Array, limits: DecodeLimits): unknown {
  const body = trimmedObject(bytes);
  if (body === undefined) return undefined;
  const parts: Uint8Array[] = [];
  const arrays: Float64Array[] = [];
  let numbers: Float64Array | undefined;
  let count = 0;
  let done = 0;
  let next: number;
  for (let key = indexOfBytes(body, KEY, 0); key >= 0; key = indexOfBytes(body, KEY, next)) {
    next = key + KEY.length;
    numbers ??= roomFor(body.length - next, limits);
    if (numbers === undefined) return undefined;
    const end = scanNumbers(body, next, numbers, count);
    // Texts, nested arrays and the like stay where they are.
    if (end < 0) continue;
    // The opening bracket goes with the array.
    parts.push(body.subarray(done, next - 1), utf8Bytes(`"${MARK}${arrays.length}"`));
    arrays.push(numbers.subarray(count, count + scannedCount()));
    count += scannedCount();
    done = end;
    next = end;
  }
  if (arrays.length === 0) return undefined;
  parts.push(body.subarray(done));
  return putBack(parse(concatBytes(parts), limits), arrays);
}

/** An object's bytes without white space behind it; undefined where the last byte is not its brace. */
function trimmedObject(body: Uint8Array): Uint8Array | undefined {
  const bytes = fastView(body);
  let end = bytes.length;
  while (end > 0 && isSpace(bytes[end - 1] as number)) end--;
  return bytes[end - 1] === CLOSE_BRACE ? bytes.subarray(0, end) : undefined;
}

/** As many numbers as so many bytes can hold, one digit and a comma each; undefined where that is over the limit. */
function roomFor(bytes: number, limits: DecodeLimits): Float64Array | undefined {
  const most = Math.ceil(bytes / 2);
  if (most <= kept.length) return kept;
  if (most * Float64Array.BYTES_PER_ELEMENT > 4 * limits.maxTensorBytes) return undefined;
  const numbers = new Float64Array(most);
  if (most <= KEPT_NUMBERS) kept = numbers;
  return numbers;
}

/** Undefined where it cannot be parsed: why, and in which place, is better told by who sees all of it. */
function parse(rest: Uint8Array, limits: DecodeLimits): unknown {
  try {
    checkStructure(rest, limits);
    return JSON.parse(decodeText(rest));
  } catch {
    return undefined;
  }
}

/** The value with each array in the place of its mark; undefined when one did not come back where a tensor has it. */
function putBack(value: unknown, arrays: readonly Float64Array[]): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  let found = 0;
  for (const side of ["inputs", "outputs"] as const) {
    const tensors = (value as Record<string, unknown>)[side];
    if (!Array.isArray(tensors)) continue;
    for (const tensor of tensors as (DataHolder | null)[]) {
      const mark = tensor?.["data"];
      if (typeof mark !== "string" || !mark.startsWith(MARK)) continue;
      (tensor as DataHolder)["data"] = arrays[Number(mark.slice(MARK.length))];
      found++;
    }
  }
  return found === arrays.length ? value : undefined;
}
