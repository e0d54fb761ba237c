import type { DeploymentMode } from "../../contract/deploy-config.ts";
import type { KserveVersion } from "../kserve-version.ts";

/** What is known of the place when settings are checked; what is not known is not checked. */
export interface CheckFacts {
  readonly mode?: DeploymentMode;
  readonly version?: KserveVersion;
  readonly namespace?: string;
  readonly domain?: string;
}

/** A setting that cannot stay as it is. */
export interface Problem {
  /** Its path below `deploy`: `minReplicas`. */
  readonly path: string;
  readonly expected: string;
  readonly got: unknown;
}
