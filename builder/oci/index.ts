import { join } from "node:path";
import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import type { BuiltImage, ImageEngine, PublishedImage, WorkOptions } from "../engine.ts";
import { cacheFolder } from "../plan/cache-folder.ts";
import { digestOf } from "../registry/digest.ts";
import { type ImageReference, parseReference, pinnedReference } from "../registry/reference.ts";
import { RegistryClient } from "../registry/registry-client.ts";
import type { RegistryOptions } from "../registry/registry-http.ts";
import { BlobStore } from "./blob-store.ts";
import { buildImage } from "./build-image.ts";
import { ImageBlobs } from "./image-blobs.ts";
import { type ImageRecord, recordOf } from "./image-record.ts";
import { PUSH_STEP, pushImage } from "./push-image.ts";
import { type Descriptor, type ImageIndex, MEDIA_TYPES, documentBytes } from "./spec.ts";
import { writeArchiveFile } from "./write-archive.ts";
import { writeLayoutFolder } from "./write-layout.ts";

/** How the engine without a daemon works. */
export interface OciEngineOptions extends RegistryOptions {
  /**
   * Folder that keeps layers and images between builds. Default: `oci` in `cacheFolder()`.
   */
  readonly storeFolder?: string | undefined;
  /** Time of every file and of the image, in seconds since 1970: SOURCE_DATE_EPOCH. Default: 0. */
  readonly epochSeconds?: number | undefined;
}

/** Lays images itself, without Docker. The same plan on the same base gives the same image, anywhere and any time. */
export interface OciEngine extends ImageEngine {
  readonly name: "oci";
  /**
   * Sends images of several platforms under one name.
   * @param reference what to call them all
   * @throws KtsError as `publish`
   */
  publishIndex(
    images: readonly BuiltImage[],
    reference: string,
    options: WorkOptions,
  ): Promise<PublishedImage>;
  /** Writes an image into a folder in the OCI image layout, beside what is there. */
  writeLayout(image: BuiltImage, folder: string, options: WorkOptions): Promise<void>;
  /** Writes an image as a tarball for `docker load` and `ctr images import`. */
  writeArchive(image: BuiltImage, path: string, options: WorkOptions): Promise<void>;
}

/** The engine that needs no Docker. */
export function createOciEngine(options: OciEngineOptions = {}): OciEngine {
  const { storeFolder, epochSeconds = 0, ...registryOptions } = options;
  const store = new BlobStore(storeFolder ?? join(cacheFolder(), "oci"));
  const client = new RegistryClient(registryOptions);

  /** The record of an image whose blobs are all in the store. */
  const complete = async (image: BuiltImage, signal: AbortSignal): Promise<ImageRecord> => {
    const record = await recordOf(store, image);
    const blobs = new ImageBlobs(store, client, record, signal);
    for (const { descriptor } of record.layers) await blobs.ensure(descriptor);
    return record;
  };

  return {
    name: "oci",

    build: (plan, reference, work) =>
      ended("build", work, () => buildImage(plan, reference, { store, client, epochSeconds, options: work })),

    publish: (image, work) =>
      ended("push", work, async () => {
        work.report({ kind: "step", step: PUSH_STEP, index: 1, count: 1 });
        const target = tagOnly(image.reference);
        const record = await recordOf(store, image);
        const sentBytes = await pushImage(record, target, { store, client, options: work });
        const { digest } = record.manifest;
        return { reference: pinnedReference(target, digest), digest, sentBytes };
      }),

    publishIndex: (images, reference, work) =>
      ended("push", work, async () => {
        work.report({ kind: "step", step: PUSH_STEP, index: 1, count: 1 });
        const target = tagOnly(reference);
        let sentBytes = 0;
        const manifests: Descriptor[] = [];
        for (const image of images) {
          const record = await recordOf(store, image);
          sentBytes += await pushImage(
            record,
            { ...target, tag: undefined },
            { store, client, options: work },
          );
          manifests.push(record.manifest);
        }
        const index: ImageIndex = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests };
        const bytes = documentBytes(index);
        await client.putManifest(target, bytes, MEDIA_TYPES.index, work.signal);
        const digest = digestOf(bytes);
        return { reference: pinnedReference(target, digest), digest, sentBytes: sentBytes + bytes.length };
      }),

    writeLayout: (image, folder, work) =>
      ended("build", work, async () => {
        const record = await complete(image, work.signal);
        await writeLayoutFolder(store, record, parseReference(image.reference), folder, work.signal);
      }),

    writeArchive: (image, path, work) =>
      ended("build", work, async () => {
        const record = await complete(image, work.signal);
        await writeArchiveFile(store, record, parseReference(image.reference), path, work.signal);
      }),
  };
}

/** A push is to a tag: the digest is what comes out. */
function tagOnly(reference: string): ImageReference {
  const target = parseReference(reference);
  return { ...target, tag: target.tag ?? "latest", digest: undefined };
}

/** Whatever a piece of work throws, as one of our errors. */
async function ended<T>(what: "build" | "push", { signal }: WorkOptions, work: () => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    if (signal.aborted) throw cancelled(what, signal.reason);
    if (isKtsError(error)) throw error;
    const code = what === "build" ? "KTS_BUILD_FAILED" : "KTS_PUSH_FAILED";
    throw new KtsError(code, `The ${what} failed: ${messageOf(error)}`, { cause: error });
  }
}

function cancelled(what: string, reason: unknown): unknown {
  if (isKtsError(reason)) return reason;
  return new KtsError("KTS_CANCELLED", `The ${what} was cancelled.`, {
    cause: reason,
    hint: "What was made so far is kept for the next time.",
  });
}
