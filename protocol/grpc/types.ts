import type { OutgoingV2Request, V2Request, V2Response } from "../v2.ts";

/** A ModelInferRequest: what V2 asks over REST, and what REST has in its path. */
export interface GrpcInferRequest extends V2Request {
  readonly modelName: string;
  /** Undefined where it is empty. */
  readonly modelVersion: string | undefined;
  /** The tensors came in raw_input_contents: the answer's are to go out so too. */
  readonly binaryOutput: boolean;
}

/** A ModelInferRequest as a client sends it. `binary`: raw_input_contents in place of typed contents. */
export interface OutgoingGrpcRequest extends Omit<OutgoingV2Request, "parameters" | "binaryOutput"> {
  readonly modelName: string;
  readonly modelVersion?: string | undefined;
  readonly parameters?: Readonly<Record<string, InferParameter>> | undefined;
}

/** A parameter's value: numbers that are integers go as int64_param, others as double_param, bigints as either. */
export type InferParameter = string | number | boolean | bigint;

/** A ModelInferResponse before it is written. */
export type GrpcInferResponse = V2Response;

/** More tensors, outputs or parameters than this in one message are no request, but an attack on memory. */
export const MOST_ENTRIES = 4096;
