import type { TensorSpec } from "../../contract/signature.ts";

/** What a client's types are made of. */
export interface ModelShape {
  readonly name: string;
  /** Empty where nobody says them. */
  readonly inputs: readonly TensorSpec[];
  /** Empty where nobody says them. */
  readonly outputs: readonly TensorSpec[];
  /** Whether an instance of V1 is known to be the inputs' values: a predictor may take what it likes. */
  readonly takesValues: boolean;
}
