import type { NamedTensors, Tensor } from "./tensor.ts";

/** The protocol a request came by. */
export type Protocol = "v1" | "v2" | "grpc-v2";

/** What is asked of a model: V1's `:predict` or V2's infer, or V1's `:explain`. */
export type Verb = "predict" | "explain";

/** The data of a request, free of its protocol: V1's JSON instances, or V2's tensors. */
export type Payload =
  | { readonly kind: "instances"; readonly instances: readonly unknown[] }
  | { readonly kind: "tensors"; readonly tensors: NamedTensors };

/** What a predictor answered, free of the protocol that will carry it. */
export type Prediction =
  /** Tensors in the order of the answer. */
  | { readonly kind: "tensors"; readonly tensors: readonly NamedTensor[] }
  /** An array: V1's `predictions` as they are. */
  | { readonly kind: "array"; readonly values: readonly unknown[] }
  /** A plain object: the V1 body as it is. */
  | { readonly kind: "object"; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** A tensor with its name. */
export interface NamedTensor extends Tensor {
  readonly name: string;
}
