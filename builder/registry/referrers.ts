import {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  MEDIA_TYPES,
  documentBytes,
  readDocument,
} from "../oci/spec.ts";
import { isKtsError } from "../../contract/errors.ts";
import { digestOf } from "./digest.ts";
import type { ImageReference } from "./reference.ts";
import type { RegistryClient, Repository } from "./registry-client.ts";

/** Something that belongs to an image, such as its SBOM. */
export interface Artifact {
  /** Media type of the contents, which is also what it is looked for by. */
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The contents of the empty configuration that an artifact has. */
const EMPTY = new TextEncoder().encode("{}");

/** The manifest of an artifact that is about a subject, with the blobs that it needs. */
export function artifactManifest(artifact: Artifact, subject: Descriptor) {
  const { type, bytes, annotations } = artifact;
  const config = { mediaType: MEDIA_TYPES.empty, digest: digestOf(EMPTY), size: EMPTY.length };
  const layer = { mediaType: type, digest: digestOf(bytes), size: bytes.length };
  const { mediaType, digest, size } = subject;
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    artifactType: type,
    config,
    layers: [layer],
    subject: { mediaType, digest, size },
    ...(annotations !== undefined && { annotations }),
  };
  const document = documentBytes(manifest);
  const descriptor: Descriptor = {
    mediaType: MEDIA_TYPES.manifest,
    digest: digestOf(document),
    size: document.length,
    artifactType: type,
    ...(annotations !== undefined && { annotations }),
  };
  return {
    descriptor,
    document,
    blobs: [
      { ...config, bytes: EMPTY },
      { ...layer, bytes },
    ],
  };
}

/**
 * Attaches an artifact to an image of a registry: by the registry's own list where it keeps one, else by the index
 * under the tag that the specification names for it, `sha256-<digest>`.
 * @returns digest of the artifact's manifest, and bytes sent
 * @throws KtsError KTS_PUSH_FAILED, KTS_REGISTRY_DENIED, KTS_REGISTRY_UNREACHABLE
 */
export async function attach(
  client: RegistryClient,
  repository: Repository,
  subject: Descriptor,
  artifact: Artifact,
  signal: AbortSignal,
): Promise<{ readonly digest: string; readonly sentBytes: number }> {
  const { descriptor, document, blobs } = artifactManifest(artifact, subject);
  let sentBytes = document.length;
  for (const { digest, size, bytes } of blobs) {
    const open = (start: number, end: number) => once(bytes.subarray(start, end));
    const outcome = await client.pushBlob(repository, { digest, size, open }, { signal });
    if (outcome === "sent") sentBytes += size;
  }
  const own: ImageReference = { ...repository, tag: undefined, digest: descriptor.digest };
  const { listsSubject } = await client.putManifest(own, document, MEDIA_TYPES.manifest, signal);
  if (!listsSubject) await addToTag(client, repository, subject.digest, descriptor, signal);
  return { digest: descriptor.digest, sentBytes };
}

/**
 * The artifacts of one type that belong to an image.
 * @returns their descriptors; none where there are none
 */
export async function attached(
  client: RegistryClient,
  repository: Repository,
  digest: string,
  type: string,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const listed = await client.referrers(repository, digest, signal);
  const all = listed ?? (await taggedIndex(client, repository, digest, signal))?.manifests ?? [];
  return all.filter(({ artifactType }) => artifactType === type);
}

async function addToTag(
  client: RegistryClient,
  repository: Repository,
  subject: string,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  const known = (await taggedIndex(client, repository, subject, signal))?.manifests ?? [];
  if (known.some(({ digest }) => digest === descriptor.digest)) return;
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.index,
    manifests: [...known, descriptor],
  };
  const reference = fallbackTag(repository, subject);
  await client.putManifest(reference, documentBytes(index), MEDIA_TYPES.index, signal);
}

async function taggedIndex(
  client: RegistryClient,
  repository: Repository,
  subject: string,
  signal: AbortSignal,
): Promise<ImageIndex | undefined> {
  try {
    const { bytes, descriptor } = await client.manifest(fallbackTag(repository, subject), signal);
    return descriptor.mediaType === MEDIA_TYPES.index ? readDocument<ImageIndex>(bytes) : undefined;
  } catch (error) {
    if (isKtsError(error) && error.code === "KTS_IMAGE_NOT_FOUND") return undefined;
    throw error;
  }
}

function fallbackTag({ registry, repository }: Repository, subject: string): ImageReference {
  return { registry, repository, tag: subject.replace(":", "-"), digest: undefined };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
