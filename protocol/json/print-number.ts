/*
 * Numbers as JSON text, straight into bytes. FP32 is printed with the fewest digits that read back to the same FP32
 * (2^-96, 2^87 and 2^90 with one more): JSON.stringify prints the double that an FP32 is, which takes up to 17 digits
 * and twice the time.
 */

/** Bytes that any number printed here fits in. */
export const MOST_NUMBER_BYTES = 32;

const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const EXPONENT = 0x65;

/**
 * Whether JSON.stringify says a number as it is: it says neither -0 nor what is not finite. Here -0 is "-0.0": Python
 * and others read "-0" as an integer, which has no sign.
 */
export function isSaid(value: number): boolean {
  return value - value === 0 && !Object.is(value, -0);
}

/**
 * Prints an integer from 0 to 2^53.
 * @returns the position behind it
 */
export function printUnsigned(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = ZERO + value;
    return at + 1;
  }
  if (value < 1e9) return printDigits(bytes, at, value, digitCount(value));
  const high = Math.floor(value / 1e9);
  return printDigits(bytes, printUnsigned(bytes, at, high), value - high * 1e9, 9);
}

/** Prints an integer from -2^53 to 2^53. */
export function printInteger(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0) return printUnsigned(bytes, at, value);
  bytes[at] = MINUS;
  return printUnsigned(bytes, at + 1, -value);
}

/** Prints the lowest digits of an integer below 2^31, zeros in front included. */
function printDigits(bytes: Uint8Array, at: number, value: number, count: number): number {
  let rest = value | 0;
  for (let place = at + count - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0;
    bytes[place] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + count;
}

function digitCount(value: number): number {
  if (value < 1e5) return value < 1e3 ? (value < 1e2 ? (value < 10 ? 1 : 2) : 3) : value < 1e4 ? 4 : 5;
  return value < 1e7 ? (value < 1e6 ? 6 : 7) : value < 1e8 ? 8 : value < 1e9 ? 9 : 10;
}

/** Prints ASCII text. */
export function printText(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/**
 * Prints a finite FP32.
 * @param value an FP32's exact value
 */
export function printFloat32(bytes: Uint8Array, at: number, value: number): number {
  if (value <= 0) {
    if (value === 0) return printText(bytes, at, Object.is(value, -0) ? "-0.0" : "0");
    bytes[at++] = MINUS;
    value = -value;
  }
  // From 2^24 on neighbours are further apart than 1; up to there an integer needs all of its digits.
  if (value < 16_777_216 && value === Math.floor(value)) return printUnsigned(bytes, at, value);
  if (value < 1e-13 || value >= 16_777_216) return printText(bytes, at, String(shortestFloat32(value)));
  const power = decimalExponent(value);
  let decimals = power > 5 ? 0 : 5 - power;
  let digits: number;
  for (; ; decimals++) {
    const scale = POWERS_OF_TEN[decimals] as number;
    digits = (value * scale + 0.5) | 0;
    if (readsBack(digits / scale, value)) break;
    if (decimals - 8 > -power) return printText(bytes, at, String(value));
  }
  while (digits % 10 === 0) {
    digits /= 10;
    decimals--;
  }
  return printDecimal(bytes, at, digits, decimals);
}

/** The power of ten of the first digit, for 1e-13 to 2^24. */
function decimalExponent(value: number): number {
  let power = 0;
  if (value >= 1) {
    while (value >= (POWERS_OF_TEN[power + 1] as number)) power++;
    return power;
  }
  do power--;
  while (value * (POWERS_OF_TEN[-power] as number) < 1);
  return power;
}

/**
 * Whether a decimal reads back to an FP32, both for a reader that rounds once and for one that goes through a double:
 * they differ where the double lies half-way between two FP32.
 */
function readsBack(decimal: number, value: number): boolean {
  if (Math.fround(decimal) !== value) return false;
  const neighbour = decimal + (decimal - value);
  return neighbour === value || Math.fround(neighbour) !== neighbour;
}

/** From here on, and down to 1e-13, an FP32 is known to 6 digits; below, to fewer and fewer. */
const LEAST_NORMAL = 2 ** -126;

/** The double with the fewest digits that reads back to an FP32: slower, for the very large and the very small. */
function shortestFloat32(value: number): number {
  for (let precision = value < LEAST_NORMAL ? 1 : 6; precision < 10; precision++) {
    const decimal = Number(value.toPrecision(precision));
    if (readsBack(decimal, value)) return decimal;
  }
  return value;
}

/** Prints digits / 10^decimals in JavaScript's form. `digits` does not end with 0, unless `decimals` is 0. */
function printDecimal(bytes: Uint8Array, at: number, digits: number, decimals: number): number {
  const count = digitCount(digits);
  if (decimals < count) {
    const scale = POWERS_OF_TEN[decimals] as number;
    const whole = Math.floor(digits / scale);
    at = printDigits(bytes, at, whole, count - decimals);
    bytes[at] = POINT;
    return printDigits(bytes, at + 1, digits - whole * scale, decimals);
  }
  const power = decimals - count + 1;
  if (power > 6) return printScientific(bytes, at, digits, count, power);
  bytes[at++] = ZERO;
  bytes[at++] = POINT;
  for (let zeros = decimals - count; zeros > 0; zeros--) bytes[at++] = ZERO;
  return printDigits(bytes, at, digits, count);
}

/** Prints d.ddde-power. */
function printScientific(
  bytes: Uint8Array,
  at: number,
  digits: number,
  count: number,
  power: number,
): number {
  const scale = POWERS_OF_TEN[count - 1] as number;
  const first = Math.floor(digits / scale);
  bytes[at++] = ZERO + first;
  if (count > 1) {
    bytes[at++] = POINT;
    at = printDigits(bytes, at, digits - first * scale, count - 1);
  }
  bytes[at++] = EXPONENT;
  bytes[at++] = MINUS;
  return printUnsigned(bytes, at, power);
}
