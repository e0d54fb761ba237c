import type { Cluster } from "../cluster/cluster.ts";
import type { SecretValues } from "../secret-text.ts";

/** What every store is opened with; each takes what it needs. */
export interface OpenStoreOptions {
  /** Credentials and settings by the keys of `deploy.secret`. Default: the environment, then the SDK's own chain. */
  readonly secret?: SecretValues;
  /** The environment's variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The cluster that a `pvc://` claim is in. */
  readonly cluster?: Cluster;
  /** The claim's namespace. Default: the cluster's own. */
  readonly namespace?: string;
  /** Requests at once, over all files. Default 8. Each holds a part of a file in memory, mostly 16 MiB. */
  readonly maxRequests?: number;
  /** Ends the opening; every later call has a signal of its own. */
  readonly signal: AbortSignal;
}

export const DEFAULT_MAX_REQUESTS = 8;
