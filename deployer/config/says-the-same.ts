import type { z } from "zod";

/** A type without what zod and a person write differently: `readonly`, and `undefined` beside `?`. */
type Plain<T> = T extends readonly (infer E)[]
  ? readonly Plain<E>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Plain<Exclude<T[K], undefined>> }
    : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

/** `true` where a schema takes what a type of the contract has: a difference does not compile. */
export type SaysTheSame<Schema extends z.ZodType, Type> = Same<Plain<z.input<Schema>>, Plain<Type>>;
