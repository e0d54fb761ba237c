import type {
  DeployConfig,
  DeployModelConfig,
  GpuConfig,
  GraphConfig,
  SecretConfig,
  TargetConfig,
} from "../../contract/deploy-config.ts";
import { type SecretValues, hideValues } from "../secret-text.ts";
import type { Members } from "../manifests/manifest.ts";
import { isMembers } from "../members.ts";

/** A deployment's settings, every layer applied: what is left out has no default of ours. */
export interface DeploySettings extends Omit<DeployConfig, "model" | "gpu" | "replicas" | "secret"> {
  readonly name: string;
  readonly predictor: NonNullable<DeployConfig["predictor"]>;
  readonly model?: DeployModelConfig;
  readonly gpu?: GpuConfig;
  /** Name of a Secret that is there, or keys and values. */
  readonly secret?: string | SecretValues;
  readonly podSecurity: NonNullable<DeployConfig["podSecurity"]>;
  readonly startupTimeoutSeconds: number;
  readonly drainDelayMs: number;
  readonly gracePeriodMs: number;
  readonly waitTimeoutSeconds: number;
}

/** Where it is deployed to, every layer applied. */
export interface TargetSettings extends Omit<TargetConfig, "deploy" | "secret"> {
  /** Name of the target; undefined where the file has none. */
  readonly target?: string;
}

/** What is deployed, and where. */
export interface Deployment {
  readonly settings: DeploySettings;
  readonly target: TargetSettings;
  /** Graphs of the file, by name; the same for every target. Default: none. */
  readonly graphs?: Readonly<Record<string, GraphConfig>>;
}

/** The defaults of every setting that has one. */
export const DEPLOY_DEFAULTS = {
  predictor: "custom",
  podSecurity: "restricted",
  startupTimeoutSeconds: 600,
  drainDelayMs: 5000,
  gracePeriodMs: 30_000,
  waitTimeoutSeconds: 300,
} as const satisfies Partial<DeployConfig>;

/** Name of the resource of a GPU, where a setting has its number alone. */
export const GPU_RESOURCE = "nvidia.com/gpu";

/** Members of a layer that are replaced as a whole: half of one credential with half of another is none. */
const WHOLE: ReadonlySet<string> = new Set([
  "secret",
  "logger",
  "batcher",
  "canary",
  "identity",
  "autoScaling",
]);

/** Lays one layer of settings over another: objects member by member, lists and single values as a whole. */
export function overlay(below: DeployConfig, above: DeployConfig): DeployConfig {
  return merged({ ...plainLayer(below) }, { ...plainLayer(above) });
}

/** A layer in its one form: `replicas` as what it stands for, a model's URI and a number of GPUs as objects. */
function plainLayer({ replicas, model, gpu, ...layer }: DeployConfig): DeployConfig {
  return {
    ...(replicas !== undefined && { minReplicas: replicas, maxReplicas: replicas }),
    ...layer,
    ...(model !== undefined && { model: typeof model === "string" ? { uri: model } : model }),
    ...(gpu !== undefined && { gpu: gpuOf(gpu) }),
  };
}

/** A setting of GPUs in full. */
export function gpuOf(gpu: number | GpuConfig): Required<GpuConfig> {
  return typeof gpu === "number"
    ? { count: gpu, resource: GPU_RESOURCE }
    : { resource: GPU_RESOURCE, ...gpu };
}

/** Every layer applied, the lowest first. */
export function resolveSettings(layers: readonly DeployConfig[], folderName: string): DeploySettings {
  const { secret, ...all } = layers.reduce(overlay, {});
  const settings = { name: folderName, ...DEPLOY_DEFAULTS, ...all } as Omit<DeploySettings, "secret">;
  return { ...settings, ...(secret !== undefined && { secret: hideValues(secret) }) };
}

/** A credential's keys and values, or the name of a Secret; the deployment's own outranks the place's. */
export function secretOf(deploy: DeployConfig, target: TargetConfig): SecretConfig | undefined {
  return deploy.secret ?? target.secret;
}

function merged(below: Members, above: Members): Members {
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = below[key];
    if (value === undefined) continue;
    result[key] = !WHOLE.has(key) && isMembers(under) && isMembers(value) ? merged(under, value) : value;
  }
  return result;
}
