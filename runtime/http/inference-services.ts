import type { DecodeLimits } from "../../protocol/limits.ts";
import type { DataPlane } from "../data-plane.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { ServerOptions } from "../options.ts";
import type { ServerLog } from "../telemetry/logger.ts";
import type { Observers } from "../telemetry/observers.ts";

/** What the HTTP transport needs of the server. */
export interface InferenceServices extends Observers {
  readonly plane: DataPlane;
  readonly lifecycle: Lifecycle;
  readonly options: ServerOptions;
  readonly limits: DecodeLimits;
  readonly log: ServerLog;
}
