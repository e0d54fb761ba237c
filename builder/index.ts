/** `kserve-ts/builder`: a project becomes an image. Every export here is public. */
export type {
  BuiltImage,
  BuiltLayer,
  BuildEvent,
  ImageEngine,
  PublishedImage,
  WorkOptions,
} from "./engine.ts";
export type {
  Architecture,
  BuildPlan,
  FileSource,
  Healthcheck,
  ImageSettings,
  LayerName,
  Platform,
  PlannedFile,
  PlannedLayer,
} from "./plan/build-plan.ts";
export { LAYER_NAMES, platformName } from "./plan/build-plan.ts";
export type { ModelInput, OwnFiles, PlanInput, PlanOptions, PlanStep } from "./plan/plan-input.ts";
export { DEFAULT_BASE, createPlan, ownPlatform } from "./plan/create-plan.ts";
export { cacheFolder } from "./plan/cache-folder.ts";
export { LABELS } from "./plan/labels.ts";
export { contextPath, renderDockerfile } from "./dockerfile/render.ts";
export { ejectPlan } from "./dockerfile/eject.ts";
export { type DockerEngine, type DockerEngineOptions, createDockerEngine } from "./docker/index.ts";
export { type OciEngine, type OciEngineOptions, createOciEngine } from "./oci/index.ts";
export type { RegistryOptions } from "./registry/registry-http.ts";
export type { CredentialsFor, RegistryCredentials } from "./registry/credentials.ts";
export { dockerConfigCredentials } from "./registry/docker-config.ts";
export { type ImageFacts, inspectImage } from "./inspect.ts";
