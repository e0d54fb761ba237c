import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Datatype, DatatypeArray } from "./datatype.ts";
import type {
  Awaitable,
  EngineModel,
  LoadContext,
  Predictor,
  PredictorPolicy,
  PredictRequest,
  RequestContext,
  Streamable,
} from "./predictor.ts";
import type { TensorSpec } from "./signature.ts";
import type { NamedTensors, Tensor } from "./tensor.ts";

/*
 * How the types of a predictor follow from its declarations: what is written down as `inputs`, `outputs` and `instance`
 * types what its functions get and may return.
 */

/** Tensors keyed by the names of a list of specs, each with its datatype. */
export type TensorsOf<Specs extends readonly TensorSpec[]> = {
  [Spec in Specs[number] as Spec["name"]]: Tensor<Spec["datatype"]>;
};

/** Plain JSON numbers, texts or flags, nested to any depth. */
export type Nested<T> = readonly (T | Nested<T>)[];

type Scalar<D extends Datatype> = D extends "BYTES"
  ? string | Uint8Array
  : D extends "BOOL"
    ? boolean
    : D extends "INT64" | "UINT64"
      ? number | bigint
      : number;

/** What a predictor may return for one output: a tensor, its bare elements, or nested plain values. */
export type OutputValue<D extends Datatype = Datatype> = Tensor<D> | DatatypeArray[D] | Nested<Scalar<D>>;

/** What a predictor may answer when it declares no `outputs`. */
export type AnyPrediction =
  Tensor | ArrayBufferView | readonly unknown[] | string | Readonly<Record<string, unknown>>;

/**
 * What a predictor may answer: with `outputs` declared a value for each by name, or just the value where there is
 * one; without, any of {@link AnyPrediction}.
 */
export type PredictionOf<Outputs> = Outputs extends readonly TensorSpec[]
  ? | { readonly [Spec in Outputs[number] as Spec["name"]]: OutputValue<Spec["datatype"]> }
    | (Outputs extends readonly [infer Only extends TensorSpec] ? OutputValue<Only["datatype"]> : never)
  : AnyPrediction;

/** The tensors that `inputs` declares; any, where it is left out. */
export type InputsOf<Inputs> = Inputs extends readonly TensorSpec[] ? TensorsOf<Inputs> : NamedTensors;

/** One instance as `instance`'s schema gives it; unknown, where it is left out. */
export type InstanceOf<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Schema>
  : unknown;

/**
 * What `predict` gets when there is no `preProcess`: the instances where `instance` is declared, else the tensors
 * where `inputs` are, else the request's own form (V1: a list of instances; V2: tensors by name).
 */
export type DirectInput<Inputs, Schema> = Schema extends StandardSchemaV1
  ? readonly InstanceOf<Schema>[]
  : Inputs extends readonly TensorSpec[]
    ? TensorsOf<Inputs>
    : readonly unknown[] | NamedTensors;

interface Common<Inputs, Outputs, Schema, Model, Input> extends PredictorPolicy {
  /** The inputs' names, datatypes and shapes. Left out: the model file's own, or none. */
  readonly inputs?: Inputs;
  /** The outputs' names, datatypes and shapes. Left out: the model file's own, or none. */
  readonly outputs?: Outputs;
  /** A schema of one V1 instance (zod, or any Standard Schema); a request that does not fit is answered with 400. */
  readonly instance?: Schema;
  /**
   * Loads the model, once a worker. Left out: the model is the remote predictor, where there is one, else what an engine
   * loads from the model file of the model directory, if any.
   */
  load?(ctx: LoadContext): Awaitable<Model>;
  /** Turns the request into what `predict` takes. */
  preProcess?(
    request: PredictRequest<InputsOf<Inputs>, InstanceOf<Schema>>,
    ctx: RequestContext,
  ): Awaitable<Input>;
  /** Answers V1's `:explain`. Left out: the remote predictor's, where there is one, else 501. */
  explain?(model: Model, input: Input, ctx: RequestContext): Awaitable<AnyPrediction>;
  /** Frees what `load` took. */
  unload?(model: Model): Awaitable<void>;
}

interface WithPostProcess<Outputs, Model, Input, Raw> {
  /** Runs the model. Its answer goes through `postProcess`; of a stream, each one. */
  predict(model: Model, input: Input, ctx: RequestContext): Streamable<Raw>;
  /** Turns predict's output into the answer. */
  postProcess(prediction: Raw, ctx: RequestContext): Awaitable<PredictionOf<Outputs>>;
}

interface WithoutPostProcess<Outputs, Model, Input> {
  /** Runs the model and answers; an async generator answers as a stream, see {@link Streamable}. */
  predict(model: Model, input: Input, ctx: RequestContext): Streamable<PredictionOf<Outputs>>;
  postProcess?: never;
}

interface EngineOnly<Outputs, Input> {
  /** Left out: the engine, or the remote predictor, runs the model on what preProcess returns. */
  predict?: never;
  /**
   * Turns the model's outputs, by name, into the answer. Where preProcess returns instances, which go to a remote
   * predictor, it gets what that one answers, of which nothing is known here: by V1 the list that `predictions` holds.
   */
  postProcess?(
    prediction: Input extends readonly unknown[] ? unknown : NamedTensors,
    ctx: RequestContext,
  ): Awaitable<PredictionOf<Outputs>>;
}

/** What a predictor's type says of its requests and answers; a client can be typed by it. */
export type DeclaredBy<Inputs, Outputs, Schema> = (Inputs extends readonly TensorSpec[]
  ? { readonly inputs: Inputs }
  : unknown) &
  (Outputs extends readonly TensorSpec[] ? { readonly outputs: Outputs } : unknown) &
  (Schema extends StandardSchemaV1 ? { readonly instance: Schema } : unknown);

type Specs = readonly TensorSpec[] | undefined;
type Schema = StandardSchemaV1 | undefined;

/**
 * Declares a predictor and infers every type from its first declarations: `inputs`, `outputs` and `instance` type
 * the request and the answer, `load` types the model, `preProcess` types predict's input.
 *
 * @example
 * export default definePredictor({
 *   inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
 *   outputs: [{ name: "sum", datatype: "FP32", shape: [-1] }],
 *   predict: (_model, { x }) => ({ sum: [x.data.reduce((a, b) => a + b)] }),
 * });
 */
export function definePredictor<
  const Inputs extends Specs = undefined,
  const Outputs extends Specs = undefined,
  S extends Schema = undefined,
  Model = EngineModel,
  Input = DirectInput<Inputs, S>,
>(
  predictor: Common<Inputs, Outputs, S, Model, Input> & WithoutPostProcess<Outputs, Model, Input>,
): Predictor & DeclaredBy<Inputs, Outputs, S>;
export function definePredictor<
  const Inputs extends Specs = undefined,
  const Outputs extends Specs = undefined,
  S extends Schema = undefined,
  Model = EngineModel,
  Input = DirectInput<Inputs, S>,
  Raw = unknown,
>(
  predictor: Common<Inputs, Outputs, S, Model, Input> & WithPostProcess<Outputs, Model, Input, Raw>,
): Predictor & DeclaredBy<Inputs, Outputs, S>;
export function definePredictor<
  const Inputs extends Specs = undefined,
  const Outputs extends Specs = undefined,
  S extends Schema = undefined,
  Input extends NamedTensors | readonly unknown[] = NamedTensors,
>(
  predictor: Common<Inputs, Outputs, S, EngineModel, Input> & EngineOnly<Outputs, Input>,
): Predictor & DeclaredBy<Inputs, Outputs, S>;
export function definePredictor(predictor: unknown): Predictor {
  return predictor as Predictor;
}
