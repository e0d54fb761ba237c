import { KtsError } from "../../contract/errors.ts";
import { type KserveVersion, OLDEST_VERSION, parseVersion } from "../kserve-version.ts";
import { isPlainObject } from "../manifests/manifest.ts";
import type { Cluster, KubeObject } from "./cluster.ts";
import type { KserveFacts } from "./facts.ts";
import type { KserveSettings } from "./kserve-settings.ts";

/** A version, and how it was found. */
export type FoundVersion = Pick<KserveFacts, "version" | "versionFrom">;

/** Fields of the InferenceService by the release that they came with, newest first. */
const MARKERS: readonly (readonly [path: string, version: KserveVersion])[] = [
  ["spec.canary", [0, 20, 0]],
  ["spec.predictor.logger.batchSize", [0, 17, 0]],
  ["spec.predictor.storageUris", [0, 16, 0]],
  ["spec.predictor.autoScaling", [0, 15, 0]],
  ["spec.predictor.huggingface", [0, 12, 0]],
  ["spec.predictor.labels", [0, 11, 0]],
  ["spec.predictor.initContainers", [0, 10, 0]],
  ["spec.predictor", OLDEST_VERSION],
];

/**
 * The release of KServe: by its controller; by the image of its initializer, which is released with it; else by which
 * fields the InferenceService has, which everybody who is logged in may read.
 * @throws KtsError KTS_DEPLOY_INVALID when it is older than what manifests are made for; KTS_CLUSTER_FAILED when nothing
 * tells it
 */
export async function findVersion(
  cluster: Cluster,
  controller: KubeObject | undefined,
  settings: KserveSettings,
  signal: AbortSignal | undefined,
): Promise<FoundVersion> {
  const known =
    versionIn(managerImage(controller), "image of kserve-controller-manager") ??
    versionIn(
      controller?.metadata.labels?.["app.kubernetes.io/version"],
      "label of kserve-controller-manager",
    ) ??
    versionIn(settings.initializerImage, "image of the storage initializer");
  if (known !== undefined) return known;
  const api = await cluster.getPath("/openapi/v3/apis/serving.kserve.io/v1beta1", signal);
  const service = schemaOf(api);
  const marker = MARKERS.find(([path]) => hasField(service, path.split(".")));
  if (marker !== undefined) {
    return {
      version: marker[1],
      versionFrom: `field ${marker[0]} of the InferenceService, which came with it`,
    };
  }
  throw new KtsError(
    "KTS_CLUSTER_FAILED",
    `Cannot tell the version of KServe on the cluster ${cluster.server} (context ${cluster.context}): its controller ` +
      "cannot be read, and its InferenceService is installed without a schema.",
    { hint: "Ask for the permission to list deployments in KServe's namespace." },
  );
}

/** `kserve/kserve-controller:v0.15.2@sha256:...`; a tag such as `latest` tells nothing. */
function versionIn(text: string | undefined, versionFrom: string): FoundVersion | undefined {
  const tag = text?.split("@", 1)[0]?.split(/[:/]/).at(-1) ?? "";
  return /^v?\d+\.\d+(\.\d+)?([-+].*)?$/.test(tag) ? { version: parseVersion(tag), versionFrom } : undefined;
}

function managerImage(controller: KubeObject | undefined): string | undefined {
  const { spec } = (controller ?? {}) as {
    spec?: { template?: { spec?: { containers?: readonly { name?: string; image?: string }[] } } };
  };
  const containers = spec?.template?.spec?.containers ?? [];
  return containers.find(({ name }) => name === "manager")?.image;
}

/** The schema of the InferenceService in a group's OpenAPI document. */
function schemaOf(api: unknown): unknown {
  const { components } = (api ?? {}) as { components?: { schemas?: Readonly<Record<string, unknown>> } };
  const [, schema] =
    Object.entries(components?.schemas ?? {}).find(([name]) => name.endsWith(".InferenceService")) ?? [];
  return schema;
}

function hasField(schema: unknown, [field, ...rest]: readonly string[]): boolean {
  if (field === undefined) return true;
  const properties = isPlainObject(schema) ? schema.properties : undefined;
  return isPlainObject(properties) && Object.hasOwn(properties, field) && hasField(properties[field], rest);
}
