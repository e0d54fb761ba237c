import { InvalidInput } from "../../contract/errors.ts";
import type { DecodeLimits } from "../limits.ts";
import { tooDeep } from "./structure.ts";

/**
 * Walks a parsed JSON value once.
 * @returns whether it has an integer that a JavaScript number may not hold exactly
 * @throws InvalidInput when it nests too deep, or a number is too large for a double
 */
export function checkValues(value: unknown, limits: DecodeLimits): boolean {
  return walk(value, limits.maxDepth, limits);
}

function walk(value: unknown, levels: number, limits: DecodeLimits): boolean {
  if (typeof value === "number") return isUnsafe(value);
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) throw tooDeep(limits);
  let unsafe = false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const element: unknown = value[index];
      if (typeof element === "number") {
        if (element > Number.MAX_SAFE_INTEGER || element < Number.MIN_SAFE_INTEGER) {
          unsafe = isUnsafe(element) || unsafe;
        }
      } else if (typeof element === "object" && element !== null) {
        unsafe = walk(element, levels - 1, limits) || unsafe;
      }
    }
    return unsafe;
  }
  // A null prototype is not needed: JSON.parse makes own members only.
  for (const key in value) {
    unsafe = walk((value as Record<string, unknown>)[key], levels - 1, limits) || unsafe;
  }
  return unsafe;
}

/** Every double beyond 2^53 is an integer. */
function isUnsafe(value: number): boolean {
  if (value === Infinity || value === -Infinity) {
    throw new InvalidInput("Unrecognized request format: a number is too large for a double");
  }
  return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
}

/**
 * Parses JSON again, with a BigInt for each integer beyond 2^53 that is written in full. A number with a fraction or
 * an exponent stays a double, and one too large for a double stays infinite: its BigInt might take minutes. Much
 * slower than JSON.parse alone, so only for texts that have such an integer; and it recurses, so only for texts whose
 * depth has been checked.
 */
export function parseExact(text: string): unknown {
  return JSON.parse(text, reviveInteger);
}

// The third argument is newer than TypeScript's library.
function reviveInteger(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?[0-9]+$/.test(source) ? BigInt(source) : value;
}
