/** Entry point of the deployer: every step of `kserve-ts deploy` as a function. */
export { deployEnvironment, deployVariable } from "./config/environment.ts";
export { deployJsonSchema } from "./config/json-schema.ts";
export { type DeployLayers, type DeployOverrides, layerDeployment } from "./config/layers.ts";
export { type DeployFile, parseDeploy, parseDeployFile } from "./config/parse.ts";
export type { DeploySettings, Deployment, TargetSettings } from "./config/settings.ts";
export { type KserveVersion, parseVersion, versionText } from "./kserve-version.ts";
export type { Manifest } from "./manifests/manifest.ts";
export type { DeployPlan, PlacedModel } from "./manifests/plan.ts";
export { revealSecrets, toYaml } from "./manifests/print.ts";
export { render } from "./manifests/render.ts";
export { type LiveService, checkUpdate } from "./manifests/update.ts";
export { planWarnings } from "./manifests/warnings.ts";
export { SecretText, type SecretValues, readSecretFiles } from "./secret-text.ts";
