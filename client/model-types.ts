import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { TensorsOf } from "../contract/define-predictor.ts";
import type { TensorSpec } from "../contract/signature.ts";
import type { NamedTensors } from "../contract/tensor.ts";

/*
 * What the declaration of a model says of its requests and answers: what `definePredictor` gives, a predictor module
 * (`typeof import("./predictor.ts")`), or an object type with `inputs`, `outputs` and `instance`.
 */

type Declared<D> = D extends { readonly default: infer Predictor } ? Predictor : D;

type OptionalNames<Specs extends readonly TensorSpec[]> = Extract<
  Specs[number],
  { readonly optional: true }
>["name"];

/** The tensors of a request: those of `inputs`, of which `optional` ones may be left out; any, without `inputs`. */
export type ModelInputs<D> =
  Declared<D> extends { readonly inputs: infer Specs extends readonly TensorSpec[] }
    ? Omit<TensorsOf<Specs>, OptionalNames<Specs>> & {
        [Name in OptionalNames<Specs> & keyof TensorsOf<Specs>]?: TensorsOf<Specs>[Name] | undefined;
      }
    : NamedTensors;

/** The tensors of an answer: those of `outputs`; any, without `outputs`. */
export type ModelOutputs<D> =
  Declared<D> extends { readonly outputs: infer Specs extends readonly TensorSpec[] }
    ? TensorsOf<Specs>
    : NamedTensors;

/** One instance, as the schema `instance` takes it; unknown, without one. */
export type ModelInstance<D> =
  Declared<D> extends { readonly instance: infer Schema extends StandardSchemaV1 }
    ? StandardSchemaV1.InferInput<Schema>
    : unknown;
