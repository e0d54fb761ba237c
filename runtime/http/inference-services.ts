import type { DecodeLimits } from "../../protocol/limits.ts";
import type { DataPlane } from "../data-plane.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { ServerOptions } from "../options.ts";
import type { ServerLog } from "../telemetry/logger.ts";
import type { Tracing } from "../telemetry/tracing.ts";

/** What the HTTP transport needs of the server. */
export interface InferenceServices {
  readonly plane: DataPlane;
  readonly lifecycle: Lifecycle;
  readonly options: ServerOptions;
  readonly limits: DecodeLimits;
  readonly log: ServerLog;
  /** Undefined where tracing is off. */
  readonly tracing: Tracing | undefined;
}
