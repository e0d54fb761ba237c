import type { GrpcInferenceClient, InferenceClient } from "../../client/index.ts";
import type { Example } from "../examples/read-examples.ts";

/** A server whose models are tested, until it is disposed of. */
export interface TestPlace extends AsyncDisposable {
  /** What it is, for people: `a server of examples/digits`. */
  readonly title: string;
  readonly rest: InferenceClient;
  /** Undefined where it is not to be asked over gRPC, or cannot be: `noGrpc` says why. */
  readonly grpc: GrpcInferenceClient | undefined;
  readonly noGrpc: string | undefined;
  /** The model to ask, where the place or the command line names one. */
  readonly modelName: string | undefined;
}

/** Whom a run asks, and with what. */
export interface TestSubject {
  readonly place: TestPlace;
  readonly examples: readonly Example[];
}
