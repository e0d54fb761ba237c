import type { InferenceServices } from "../http/inference-services.ts";
import type { ModelRepository } from "../model-repository.ts";

/** What the gRPC transport needs of the server. */
export interface GrpcServices extends InferenceServices {
  readonly repository: ModelRepository;
  /** The package's version. */
  readonly productVersion: () => string;
}
