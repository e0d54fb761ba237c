import type { TensorSpec } from "../../contract/signature.ts";

/** A request of the project's `examples` folder. */
export interface ProofExample {
  /** As messages name it: `examples/seven.json`. */
  readonly name: string;
  /** The model that it is for, by the folder that it lies in; undefined: the only one. */
  readonly model?: string | undefined;
  readonly protocol: "v1" | "v2";
  /** The body as the file has it. */
  readonly text: string;
  /**
   * What the answer must be, from `seven.expected.json` beside it: an answer's body, V1's predictions alone, or a
   * failure (see `expectedFailure`). Undefined where no file says it.
   */
  readonly expected: unknown;
}

/** What a model takes and gives, as V2 tells it. */
export interface ModelSignature {
  readonly inputs: readonly Pick<TensorSpec, "name" | "datatype" | "shape">[];
  readonly outputs: readonly Pick<TensorSpec, "name" | "datatype" | "shape">[];
}

/** How an example was answered. */
export interface ExampleProof {
  readonly name: string;
  /** The protocols that it was answered over; both gave the same. */
  readonly protocols: readonly ("v1" | "v2")[];
  /** Why it was asked over one alone; undefined where it was asked over both. */
  readonly note: string | undefined;
  /** Whether it had an expected answer, which was met. */
  readonly isExpected: boolean;
  /** Of the answer over its own protocol. */
  readonly ms: number;
}

/** What a run of the image as in a cluster has shown. */
export interface ProofReport {
  readonly modelName: string;
  /** Version of the Node that served it: `24.11.0`. */
  readonly nodeVersion: string;
  /** From the start of the container until the server was ready. */
  readonly coldStartMs: number;
  /** Memory in use when it was ready and had answered nothing; undefined where the engine cannot tell. */
  readonly idleMemoryBytes: number | undefined;
  /** What the container was allowed. */
  readonly memoryLimitBytes: number;
  readonly examples: readonly ExampleProof[];
  /** What the server says that the model takes and gives. */
  readonly signature: ModelSignature;
}
