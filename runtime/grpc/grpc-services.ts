import type { InferenceServices } from "../http/inference-services.ts";

/** What the gRPC transport needs of the server. */
export interface GrpcServices extends InferenceServices {
  /** The package's version. */
  readonly productVersion: () => string;
}
