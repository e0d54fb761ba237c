import type { NamedTensor } from "../../contract/inference.ts";
import type { NamedTensors } from "../../contract/tensor.ts";

/** An output that a request asks for. */
export interface RequestedOutput {
  readonly name: string;
  /** Its own `parameters.binary_data`; undefined where it has none, which means JSON. */
  readonly binary: boolean | undefined;
}

/** A V2 inference request. */
export interface V2Request {
  /** The caller's id, to be echoed. */
  readonly id: string | undefined;
  readonly parameters: Record<string, unknown>;
  readonly tensors: NamedTensors;
  /** The outputs to answer with, in this order; undefined: all. */
  readonly outputs: readonly RequestedOutput[] | undefined;
  /** `parameters.binary_data_output`: without a list of outputs, all are to be binary. */
  readonly binaryOutput: boolean;
}

/** A V2 answer before it is written. */
export interface V2Response {
  readonly modelName: string;
  readonly modelVersion: string | undefined;
  readonly id: string;
  readonly tensors: readonly NamedTensor[];
}

/** A V2 answer as a client reads it. */
export interface DecodedV2Response {
  readonly modelName: string;
  readonly modelVersion: string | undefined;
  readonly id: string | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly tensors: readonly NamedTensor[];
}
