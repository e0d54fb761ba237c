import type { Cluster } from "../cluster/cluster.ts";
import type { KserveFacts } from "../cluster/facts.ts";
import type { DeploySettings, Deployment, TargetSettings } from "../config/settings.ts";

/** How a check ended. */
export interface Outcome {
  /** `warn`: it works, and something will surprise. `fail`: `deploy` would not work. `skipped`: it was not looked at. */
  readonly status: "ok" | "warn" | "fail" | "skipped";
  /** What was seen, or why nothing was looked at. */
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
  /** Lines that say more, such as a manifest that mends it. */
  readonly details?: readonly string[];
}

/** What a check found. */
export interface Finding extends Outcome {
  readonly check: string;
  readonly durationMs: number;
}

/** One thing to look at. */
export interface Check<Subject> {
  /** One word, by which it is asked for. */
  readonly name: string;
  /** A KtsError that it throws becomes a finding as well. */
  run(subject: Subject, signal: AbortSignal): Promise<Outcome>;
}

/** The cluster that is looked at, and what is to be deployed there. */
export interface ClusterSubject {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly settings: DeploySettings;
  readonly target: TargetSettings;
  /** The config file's graphs. Default: there are none. */
  readonly graphs?: Deployment["graphs"];
  /** The environment's variables, for the credentials of the store. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asked once for all checks. */
  facts(signal?: AbortSignal): Promise<KserveFacts>;
}
