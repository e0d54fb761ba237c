import type { Datatype } from "./datatype.ts";

/** One input or output of a model. */
export interface TensorSpec {
  /** The tensor's name, unique among the inputs or outputs. */
  readonly name: string;
  readonly datatype: Datatype;
  /** Length of each dimension; `-1` for one that may have any length. The first is the batch. */
  readonly shape: readonly number[];
  /** The model has a value of its own for this input, so a request may leave it out. Default false. */
  readonly optional?: boolean;
}

/** What a model takes and gives, in V2 terms. Either list is empty when it is not known. */
export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}
