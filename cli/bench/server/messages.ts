import type { ErrorCode } from "../../../contract/errors.ts";
import type { BenchSettings, ServerFacts } from "../settings.ts";

/** What the measured server is told when it starts. */
export interface ServerOrder {
  /** The folder, absolute, or the path of a predictor or a model file. */
  readonly served: string;
  readonly settings: BenchSettings;
}

/** What its process has used so far. */
export interface ServerUsage {
  readonly kind: "usage";
  readonly cpuMs: number;
}

/** What it tells. */
export type ServerMessage =
  | ({ readonly kind: "ready" } & ServerFacts)
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string; readonly hint: string }
  | ServerUsage;
