import { layerNames } from "./layer-names.ts";
import { openImage } from "./oci/image-source.ts";
import type { SourceImage, SourceOptions } from "./oci/source.ts";
import type { DescriptorPlatform } from "./oci/spec.ts";
import { LABELS, OWN_LABELS } from "./plan/labels.ts";

/** What an image says of itself, by its labels and its documents alone. */
export interface ImageFacts {
  /** As the user named it. */
  readonly image: string;
  /** `the registry ghcr.io`, `the Docker engine at unix:///var/run/docker.sock`; undefined: at the path that was named. */
  readonly foundIn: string | undefined;
  /** Of its manifest; undefined where it is a tarball without one. */
  readonly digest: string | undefined;
  /** Digest of its configuration. */
  readonly id: string;
  readonly platform: string;
  /** Where there is more than one. */
  readonly platforms: readonly string[];
  readonly created: string | undefined;
  readonly user: string;
  /** As the configuration has them: `8080/tcp`. */
  readonly ports: readonly string[];
  readonly entrypoint: readonly string[];
  readonly workingDir: string | undefined;
  readonly base: string | undefined;
  /** What `kserve-ts build` wrote; undefined where it did not build the image. */
  readonly model: ModelFacts | undefined;
  /** From the bottom. */
  readonly layers: readonly LayerFacts[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What the labels of `kserve-ts build` say. Each may be missing. */
export interface ModelFacts {
  readonly name: string | undefined;
  readonly hash: string | undefined;
  readonly serverVersion: string | undefined;
  readonly nodeVersion: string | undefined;
  readonly engine: string | undefined;
  readonly planHash: string | undefined;
  /** Digest of the list of its dependencies. */
  readonly sbom: string | undefined;
  /** As the predictor or the model declares it. */
  readonly signature: unknown;
  /** What was measured when the image proved itself. */
  readonly proof: unknown;
}

/** A layer of an image. */
export interface LayerFacts {
  /** `server`, `model`, ...; a Dockerfile's instruction (`RUN`) for what else was laid on the base; undefined: of the base. */
  readonly name: string | undefined;
  /** In a Docker engine: of its tar. Undefined where only its tar is there. */
  readonly digest: string | undefined;
  /** Compressed, as it travels; unpacked where a Docker engine has it; undefined where only its tar is there. */
  readonly bytes: number | undefined;
}

/**
 * Looks at an image without pulling it: of a registry only the manifest and the configuration are fetched.
 * @param name as `openImage` takes it
 * @throws KtsError KTS_IMAGE_NOT_FOUND, KTS_REGISTRY_*, KTS_USAGE
 */
export async function inspectImage(name: string, options: SourceOptions): Promise<ImageFacts> {
  return describeImage(await openImage(name, options));
}

/** What an image says of itself. @param foundIn where it is, unless it is in a registry or at a path */
export function describeImage(image: SourceImage, foundIn?: string): ImageFacts {
  const { config, descriptor, configDescriptor, platforms } = image;
  const settings = config.config ?? {};
  const labels = settings.Labels ?? {};
  return {
    image: image.name,
    foundIn:
      foundIn ?? (image.reference === undefined ? undefined : `the registry ${image.reference.registry}`),
    digest: descriptor?.digest,
    id: configDescriptor.digest,
    platform: platformText(config),
    platforms: platforms.map(platformText),
    created: config.created,
    user: settings.User === undefined || settings.User === "" ? "root" : settings.User,
    ports: Object.keys(settings.ExposedPorts ?? {}).sort(),
    entrypoint: [...(settings.Entrypoint ?? []), ...(settings.Cmd ?? [])],
    workingDir: settings.WorkingDir,
    base: image.annotations[LABELS.baseName] ?? labels[LABELS.baseName],
    model: modelFacts(labels),
    layers: layerFacts(image),
    labels,
  };
}

function modelFacts(labels: Readonly<Record<string, string>>): ModelFacts | undefined {
  if (!Object.keys(labels).some((name) => name.startsWith(OWN_LABELS))) return undefined;
  return {
    name: labels[LABELS.modelName],
    hash: labels[LABELS.modelHash],
    serverVersion: labels[LABELS.serverVersion],
    nodeVersion: labels[LABELS.nodeVersion],
    engine: labels[LABELS.engine],
    planHash: labels[LABELS.planHash],
    sbom: labels[LABELS.sbom],
    signature: parsed(labels[LABELS.signature]),
    proof: parsed(labels[LABELS.proof]),
  };
}

/** A label of JSON; as the text it is where it is none. */
function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function layerFacts({ layers, config }: SourceImage): readonly LayerFacts[] {
  const names = layerNames(config, layers.length);
  return layers.map(({ descriptor }, at) => {
    return { name: names[at], digest: descriptor?.digest, bytes: descriptor?.size };
  });
}

function platformText({ os, architecture, variant }: DescriptorPlatform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join("/");
}
