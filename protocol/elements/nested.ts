import type { Datatype } from "../../contract/datatype.ts";
import { describeValue } from "../../contract/describe.ts";
import type { Tensor } from "../../contract/tensor.ts";
import { type ElementStore, misfit, storeElements } from "./store.ts";
import { encodeTexts } from "./text.ts";

/** Makes the error of a value that cannot become an element: its path, and what is wrong. */
export type Misfit = (path: string, message: string) => Error;

/** Whether a value stands for a list of values: an array, or a typed array whose elements are numbers. */
export function isList(value: unknown, datatype: Datatype | undefined): value is ArrayLike<unknown> {
  if (Array.isArray(value)) return true;
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return false;
  return !(datatype === "BYTES" && value instanceof Uint8Array);
}

/**
 * The shape of a nested list, by its first elements. Whether the others agree shows when they are stored.
 * @param datatype where it is known
 */
export function shapeOf(value: unknown, datatype: Datatype | undefined, maxRank: number): number[] {
  const shape: number[] = [];
  for (let level = value; isList(level, datatype) && shape.length <= maxRank; level = level[0]) {
    shape.push(level.length);
  }
  return shape;
}

/**
 * Stores nested lists of plain values, row by row. Where a value does not fit, the error names its place, which is
 * followed in `trail` so that the good case builds no path.
 */
export class NestedReader {
  readonly #datatype: Datatype;
  readonly #store: ElementStore;
  readonly #shape: readonly number[];
  readonly #misfit: Misfit;
  readonly #onlyFinite: boolean;
  readonly #trail: number[] = [];
  #at = 0;

  /** @param onlyFinite refuses infinities: where the values come from JSON, they are numbers too large for a double */
  constructor(
    datatype: Datatype,
    store: ElementStore,
    shape: readonly number[],
    error: Misfit,
    onlyFinite = false,
  ) {
    this.#datatype = datatype;
    this.#store = store;
    this.#shape = shape;
    this.#misfit = error;
    this.#onlyFinite = onlyFinite;
  }

  /**
   * Stores the next value, which has to nest as the shape says.
   * @param path of the value, for errors
   */
  read(value: unknown, path: string): void {
    this.#read(value, 0, path);
  }

  #read(value: unknown, level: number, path: string): void {
    if (level === this.#shape.length) {
      if (storeElements(this.#datatype, [value], this.#store, this.#at, this.#onlyFinite) === 0) {
        throw this.#fail(path, level, misfit(this.#datatype, value));
      }
      this.#at++;
      return;
    }
    const length = this.#shape[level] as number;
    if (!isList(value, this.#datatype)) {
      throw this.#fail(path, level, `expected an array of ${length}, got ${describeValue(value)}`);
    }
    if (value.length !== length) {
      throw this.#fail(path, level, `expected ${this.#countOf(length, level)}, got ${value.length}`);
    }
    if (level === this.#shape.length - 1) {
      const bad = storeElements(this.#datatype, value, this.#store, this.#at, this.#onlyFinite);
      this.#trail[level] = bad;
      if (bad >= 0) throw this.#fail(path, level + 1, misfit(this.#datatype, value[bad]));
      this.#at += length;
      return;
    }
    for (let index = 0; index < length; index++) {
      this.#trail[level] = index;
      this.#read(value[index], level + 1, path);
    }
  }

  #countOf(length: number, level: number): string {
    if (level < this.#shape.length - 1) return length === 1 ? "1 array" : `${length} arrays`;
    const unit = this.#datatype === "BYTES" ? "text" : this.#datatype === "BOOL" ? "flag" : "number";
    return length === 1 ? `1 ${unit}` : `${length} ${unit}s`;
  }

  #fail(path: string, level: number, message: string): Error {
    const place = this.#trail.slice(0, level).map((index) => `[${index}]`);
    return this.#misfit(path + place.join(""), message);
  }
}

/** The elements of a store as a tensor's data. */
export function finishStore(datatype: Datatype, store: ElementStore): Tensor["data"] {
  return datatype === "BYTES" ? encodeTexts(store as (string | Uint8Array)[]) : (store as Tensor["data"]);
}
