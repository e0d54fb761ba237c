import { notFound } from "./source.ts";
import { type Descriptor, type DescriptorPlatform, isIndexType } from "./spec.ts";

const OWN_ARCHITECTURE: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** What this machine runs, in the words of images. */
export function ownPlatform(): DescriptorPlatform {
  return { os: "linux", architecture: OWN_ARCHITECTURE[process.arch] ?? process.arch };
}

/** The platforms of an index. What is only about another image, as attestations are, has none. */
export function platformsOf(manifests: readonly Descriptor[]): readonly DescriptorPlatform[] {
  return manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === "unknown" ? [] : [platform],
  );
}

/**
 * The manifest of an index for a platform.
 * @param wanted undefined: this machine's, else the first
 * @throws KtsError KTS_IMAGE_NOT_FOUND when there is none, with those there are
 */
export function pickManifest(
  name: string,
  manifests: readonly Descriptor[],
  wanted: DescriptorPlatform | undefined,
): Descriptor {
  const images = manifests.filter(
    ({ platform, artifactType }) => platform?.os !== "unknown" && artifactType === undefined,
  );
  const platform = wanted ?? ownPlatform();
  const fits = images.filter(
    (one) => one.platform?.os === platform.os && one.platform.architecture === platform.architecture,
  );
  // A plain arm64 is what runs everywhere; v8 is its other name.
  const best = fits.find((one) => one.platform?.variant === platform.variant) ?? fits[0];
  if (best !== undefined) return best;
  const [first] = images;
  if (
    first !== undefined &&
    (wanted === undefined || (images.length === 1 && first.platform === undefined))
  ) {
    return first;
  }
  const has = platformsOf(manifests).map(nameOf).join(", ") || "none";
  throw notFound(name, `it has nothing for ${nameOf(platform)}; it is there for ${has}`);
}

/** An index may hold indexes. How deep they may lie in each other. */
export const MOST_INDEXES = 3;

/** Whether a descriptor leads to further descriptors. */
export function isIndex({ mediaType }: Descriptor): boolean {
  return isIndexType(mediaType);
}

function nameOf({ os, architecture, variant }: DescriptorPlatform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join("/");
}
