import type { TensorSpec } from "../../contract/signature.ts";

/** Whether a shape is one that a spec's shape allows: the same rank, and the same length where it has one. */
export function fitsShape(shape: readonly number[], spec: readonly number[]): boolean {
  if (shape.length !== spec.length) return false;
  for (let index = 0; index < spec.length; index++) {
    const length = spec[index] as number;
    if (length >= 0 && length !== shape[index]) return false;
  }
  return true;
}

/**
 * A spec's shape with its one open dimension as long as so many elements need; undefined where more than one is open
 * or the elements do not fill it.
 */
export function fillShape(spec: readonly number[], count: number): number[] | undefined {
  const open = spec.indexOf(-1);
  if (open !== spec.lastIndexOf(-1)) return undefined;
  let fixed = 1;
  for (const length of spec) if (length >= 0) fixed *= length;
  if (open === -1) return fixed === count ? [...spec] : undefined;
  const length = fixed === 0 ? 0 : count / fixed;
  if (!Number.isInteger(length)) return undefined;
  return spec.map((own) => (own < 0 ? length : own));
}

/** A shape as messages show it. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** The names of specs as messages list them. */
export function namesText(specs: readonly TensorSpec[]): string {
  return specs.map(({ name }) => name).join(", ");
}
