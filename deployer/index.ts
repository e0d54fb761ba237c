/** Entry point of the deployer: every step of `kserve-ts deploy` as a function. */
export { packageModel, type PackageOptions } from "./artifacts/package-model.ts";
export type { ModelFormat, PackagedModel } from "./artifacts/types.ts";
export type { Cluster, KubeObject } from "./cluster/cluster.ts";
export { type ConnectOptions, connectCluster } from "./cluster/connect.ts";
export type { KserveFacts } from "./cluster/facts.ts";
export { readFacts } from "./cluster/read-facts.ts";
export { RESOURCES, type Resource } from "./cluster/resources.ts";
export { deployEnvironment, deployVariable } from "./config/environment.ts";
export { deployJsonSchema } from "./config/json-schema.ts";
export { type DeployLayers, type DeployOverrides, layerDeployment } from "./config/layers.ts";
export { type DeployFile, parseDeploy, parseDeployFile } from "./config/parse.ts";
export type { DeploySettings, Deployment, TargetSettings } from "./config/settings.ts";
export { type Finding, type Outcome } from "./doctor/check.ts";
export { examineCluster } from "./doctor/cluster-checks.ts";
export { type KserveVersion, parseVersion, versionText } from "./kserve-version.ts";
export { followServiceLogs } from "./logs/follow-service-logs.ts";
export type { LogLine, LogOptions } from "./logs/log-line.ts";
export type { Manifest } from "./manifests/manifest.ts";
export type { DeployPlan, PlacedModel } from "./manifests/plan.ts";
export { revealSecrets, toYaml } from "./manifests/print.ts";
export { graphManifests } from "./manifests/inference-graph.ts";
export { render } from "./manifests/render.ts";
export { type LiveService, checkUpdate } from "./manifests/update.ts";
export { planWarnings } from "./manifests/warnings.ts";
export { type ReachOptions, type ReachedService, reachService } from "./reach/reach-service.ts";
export { type AppliedObject, type ApplyReport, applyManifests } from "./rollout/apply.ts";
export { type GraphView, waitUntilGraphReady } from "./rollout/graph-ready.ts";
export { type RollOutOptions, type RolledOut, rollOut } from "./rollout/roll-out.ts";
export { RolloutFailed, RolloutTimeout } from "./rollout/failure.ts";
export type { FailureCause, RolloutView } from "./rollout/progress.ts";
export { type DeleteOptions, type Deleted, deleteService } from "./rollout/delete-service.ts";
export { type ServiceDescription, describeService } from "./rollout/describe-service.ts";
export {
  type GraphDescription,
  type GraphNode,
  type GraphStep,
  type GraphSummary,
  deleteGraph,
  describeGraph,
  listGraphs,
} from "./rollout/graphs.ts";
export { type ServiceSummary, listServices } from "./rollout/list-services.ts";
export { type PromoteOptions, promoteService } from "./rollout/promote-service.ts";
export { type RolledBack, rollbackService } from "./rollout/rollback-service.ts";
export { startService, stopService } from "./rollout/stop-service.ts";
export { type WaitOptions, type WaitTarget, waitUntilReady } from "./rollout/wait.ts";
export { SecretText, type SecretValues, readSecretFiles } from "./secret-text.ts";
export { readCredentials } from "./steps/credentials.ts";
export { type DeployEvent, type DeployOptions, type DeployResult, deployPrepared } from "./steps/deploy.ts";
export { type ObjectDiff, diffManifests } from "./steps/diff.ts";
export { type PackagedFiles, packageDeployment } from "./steps/package.ts";
export { type PlanInput, SHIPPED_FACTS, planDeployment } from "./steps/plan.ts";
export { type PrepareInput, type Prepared, liveService, prepareDeployment } from "./steps/prepare.ts";
export { type UploadPreparedOptions, uploadPrepared } from "./steps/upload.ts";
export { openStore } from "./storage/open-store.ts";
export type { ModelStore } from "./storage/store.ts";
export { type UploadProgress, type UploadedModel, uploadModel } from "./storage/upload.ts";
