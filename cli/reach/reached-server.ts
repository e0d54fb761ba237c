import type { GrpcInferenceClient, HttpHeaders, InferenceClient } from "../../client/index.ts";

/** A server that a verb asks, until it is disposed of. */
export interface ReachedServer extends AsyncDisposable {
  /** What it is, for people: `a server of examples/digits`. */
  readonly title: string;
  readonly rest: InferenceClient;
  /** What REST's requests carry: those of the command line, and the host that an ingress routes by. */
  readonly headers: HttpHeaders;
  /** Undefined where it is not to be asked over gRPC, or cannot be: `noGrpc` says why. */
  readonly grpc: GrpcInferenceClient | undefined;
  readonly noGrpc: string | undefined;
  /** The model to ask, where the place or the command line names one. */
  readonly modelName: string | undefined;
}
