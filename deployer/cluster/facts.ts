import type { DeploymentMode } from "../../contract/deploy-config.ts";
import type { KserveVersion } from "../kserve-version.ts";
import type { S3KeyNames } from "../manifests/plan.ts";
import type { RuntimeFacts } from "./runtimes.ts";

/** What a plan has to know of a cluster's KServe. */
export interface KserveFacts {
  readonly version: KserveVersion;
  /** How the version was found: such as `image of kserve-controller-manager`. */
  readonly versionFrom: string;
  /** What an InferenceService runs in that says nothing. */
  readonly defaultMode: DeploymentMode;
  /** Whether Knative Serving's kinds are there. */
  readonly hasKnative: boolean;
  /** Whether the Gateway API routes traffic, which a canary on Standard needs. */
  readonly usesGatewayApi: boolean;
  /** Domain of the cluster's hosts, where it is known. */
  readonly domain?: string;
  readonly s3KeyNames?: S3KeyNames;
  /** The runtimes of the namespace and of the cluster; undefined where they may not be listed. */
  readonly runtimes?: readonly RuntimeFacts[];
  /** Whether KServe's ConfigMap could be read; otherwise the rest is what KServe ships. */
  readonly configRead: boolean;
}
