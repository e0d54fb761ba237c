/** How far two numbers may be apart and still be the same. */
export interface Tolerance {
  /** Share of the larger of the two. */
  readonly relative: number;
  /** On top of that, whatever their size. */
  readonly absolute: number;
}

/** Engines round FP32 differently in its last bits, and sums of many terms in a few more. */
export const DEFAULT_TOLERANCE: Tolerance = { relative: 1e-4, absolute: 1e-5 };

/** What JSON has no word for, in the words that a server may be told to use. */
const NON_FINITE: Readonly<Record<string, number>> = {
  NaN: NaN,
  Infinity: Infinity,
  "-Infinity": -Infinity,
};

/**
 * Whether two scalars are the same. Numbers may differ by the tolerance, unless they are integers: by the datatype, or,
 * where that is not known, because both are whole. `null` stands for NaN and infinities, which JSON cannot say.
 */
export function isSameScalar(
  a: unknown,
  b: unknown,
  datatype: string | undefined,
  tolerance: Tolerance,
): boolean {
  const [left, right] = datatype === "BYTES" ? [a, b] : [numberOf(a, b), numberOf(b, a)];
  if (isNumeric(left) && isNumeric(right)) return isSameNumber(left, right, datatype, tolerance);
  if (isNumeric(left) && right === null) return !Number.isFinite(Number(left));
  if (left === null && isNumeric(right)) return !Number.isFinite(Number(right));
  return textOf(left) === textOf(right);
}

/** How far apart two values are; undefined where they are no numbers. */
export function distance(a: unknown, b: unknown): number | undefined {
  if (!isNumeric(a) || !isNumeric(b)) return undefined;
  const apart = typeof a === "bigint" && typeof b === "bigint" ? Number(a - b) : Number(a) - Number(b);
  return Number.isFinite(apart) ? Math.abs(apart) : undefined;
}

type Numeric = number | bigint;

function isNumeric(value: unknown): value is Numeric {
  return typeof value === "number" || typeof value === "bigint";
}

/** The number that a word such as NaN stands for, where the other value is a number or null. */
function numberOf(value: unknown, other: unknown): unknown {
  if (typeof value !== "string" || !(isNumeric(other) || other === null)) return value;
  return NON_FINITE[value] ?? value;
}

function isSameNumber(a: Numeric, b: Numeric, datatype: string | undefined, tolerance: Tolerance): boolean {
  if (isExact(a, b, datatype)) return typeof a === typeof b ? a === b : isSameInteger(a, b);
  const [left, right] = [Number(a), Number(b)];
  if (Object.is(left, right) || left === right) return true;
  // JSON has the fewest digits that give the same FP32, bytes have all of it.
  if (datatype === "FP32" && Math.fround(left) === Math.fround(right)) return true;
  const apart = Math.abs(left - right);
  if (!Number.isFinite(apart)) return false;
  return apart <= tolerance.absolute + tolerance.relative * Math.max(Math.abs(left), Math.abs(right));
}

function isExact(a: Numeric, b: Numeric, datatype: string | undefined): boolean {
  if (datatype !== undefined) return /^(U?INT|BOOL)/.test(datatype);
  return isWhole(a) && isWhole(b);
}

function isWhole(value: Numeric): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

/** A plain number beyond 2^53 has been rounded already, and is compared as such. */
function isSameInteger(a: Numeric, b: Numeric): boolean {
  if (!isWhole(a) || !isWhole(b)) return false;
  const isRounded = [a, b].some((value) => typeof value === "number" && !Number.isSafeInteger(value));
  return isRounded ? Number(a) === Number(b) : BigInt(a) === BigInt(b);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A scalar in one form: bytes, be they in V1's base64, as the text that they are, else as base64. */
export function textOf(value: unknown): string {
  const bytes = bytesOf(value);
  if (bytes !== undefined) {
    try {
      return JSON.stringify(utf8.decode(bytes));
    } catch {
      return `{"b64":"${btoa(String.fromCharCode(...bytes))}"}`;
    }
  }
  if (value === undefined) return "nothing";
  return isNumeric(value) ? String(value) : (JSON.stringify(value) ?? String(value));
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const base64 = (value as { b64?: unknown } | null | undefined)?.b64;
  if (typeof base64 !== "string") return undefined;
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
