import { type ImageReference, formatReference } from "../registry/reference.ts";
import { artifactManifest } from "../registry/referrers.ts";
import type { BlobStore } from "./blob-store.ts";
import type { ImageRecord } from "./image-record.ts";
import { REF_NAME } from "./source-layout.ts";
import { type Descriptor, documentBytes } from "./spec.ts";

/** The file that says that a folder or a tarball is an OCI layout. */
export const LAYOUT_FILE = documentBytes({ imageLayoutVersion: "1.0.0" });

/** A blob of an exported image: in the store, or made for the export. */
export type ExportedBlob = Pick<Descriptor, "digest" | "size"> & { readonly bytes?: Uint8Array };

/** What an exported image consists of, beside the file that lists it. */
export interface ExportedImage {
  /** Entries of index.json: the image, and the list of its dependencies. */
  readonly entries: readonly Descriptor[];
  readonly blobs: readonly ExportedBlob[];
}

/** An image's entries and blobs, under a name. */
export async function exportedImage(
  store: BlobStore,
  record: ImageRecord,
  reference: ImageReference,
): Promise<ExportedImage> {
  const annotations = {
    // The first is what containerd and Docker name the image by, the second what OCI tools do.
    "io.containerd.image.name": formatReference({ ...reference, digest: undefined }),
    [REF_NAME]: reference.tag ?? "latest",
  };
  const blobs: ExportedBlob[] = [
    record.manifest,
    record.config,
    ...record.layers.map(({ descriptor }) => descriptor),
  ];
  const entries: Descriptor[] = [{ ...record.manifest, annotations }];
  if (record.sbom !== undefined) {
    const { mediaType: type, digest } = record.sbom;
    const artifact = artifactManifest({ type, bytes: await store.read(digest) }, record.manifest);
    entries.push(artifact.descriptor);
    blobs.push({ ...artifact.descriptor, bytes: artifact.document }, ...artifact.blobs);
  }
  return { entries, blobs: [...new Map(blobs.map((blob) => [blob.digest, blob])).values()] };
}
