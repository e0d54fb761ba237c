import { KtsError } from "../../contract/errors.ts";
import type { HashedFile, PackagedModel } from "../artifacts/types.ts";
import { joinPath } from "./place.ts";
import { forEachAtOnce } from "./slots.ts";
import type { ModelStore } from "./store.ts";

const FILES_AT_ONCE = 8;
/** Of the content's hash, in the path: 48 bits, which no two models of a name share. */
const HASH_DIGITS = 12;

/** How a model's upload stands, in bytes. */
export interface UploadProgress {
  readonly totalBytes: number;
  /** Sent by this run, and acknowledged by the store. */
  readonly uploadedBytes: number;
  /** Not sent, since they are there: whole files, and parts that an earlier run left. */
  readonly skippedBytes: number;
  readonly totalFiles: number;
  readonly doneFiles: number;
}

/** How a model is uploaded. */
export interface UploadOptions {
  /** The model's folder in the store; usually the InferenceService's name. */
  readonly name: string;
  /** Ends it. What has arrived stays, and another upload goes on with it. */
  readonly signal: AbortSignal;
  /** Files at once; requests are bounded by the store's `maxRequests`. Default 8. */
  readonly concurrency?: number;
  /** Called at the beginning and whenever something has arrived. */
  onProgress?(progress: UploadProgress): void;
}

/** A file of an upload. */
export interface UploadedFile {
  /** Its path below `storageUri`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Whether it was there already. */
  readonly skipped: boolean;
}

/** A model that lies in a store, whole. */
export interface UploadedModel {
  /** The folder with its files, for an InferenceService. */
  readonly storageUri: string;
  readonly contentHash: string;
  readonly uploadedBytes: number;
  readonly skippedBytes: number;
  /** In the order of their paths. */
  readonly files: readonly UploadedFile[];
}

/**
 * Uploads a model into `<store>/<name>/<hash>`, where the hash is over its files' paths and contents: another content
 * lies beside it, so that a running service never sees its files change. A file that lies there with the same size and
 * SHA-256 is skipped, one without a digest of ours is replaced.
 *
 * There is no marker of completeness, since KServe would download it: the URI is returned, and so known to a service,
 * when every file is there. A file itself appears in the store at once or not at all.
 * @throws KtsError KTS_STORE_UNREACHABLE, KTS_STORE_DENIED, KTS_STORE_NOT_FOUND or KTS_UPLOAD_FAILED; the signal's reason
 * @example const { storageUri } = await uploadModel(await packageModel({ path, modelName }), store, { name, signal });
 */
export async function uploadModel(
  model: Omit<PackagedModel, "format">,
  store: ModelStore,
  options: UploadOptions,
): Promise<UploadedModel> {
  const { signal, concurrency = FILES_AT_ONCE } = options;
  const folder = modelFolder(options.name, model.contentHash);
  const counts = { uploadedBytes: 0, skippedBytes: 0, doneFiles: 0 };
  const totals = { totalBytes: model.sizeBytes, totalFiles: model.files.length };
  const report = (): void => options.onProgress?.({ ...totals, ...counts });
  report();
  const there = await store.list(folder, signal);
  refuseStrangers(folder, model, store, there.keys());
  const skipped = new Set<string>();
  for (const file of model.files) {
    const found = there.get(`${folder}/${file.path}`);
    if (found?.sizeBytes !== file.content.sizeBytes || found.sha256 !== file.sha256) continue;
    skipped.add(file.path);
    counts.skippedBytes += file.content.sizeBytes;
    counts.doneFiles += 1;
  }
  if (skipped.size > 0) report();
  const missing = model.files.filter(({ path }) => !skipped.has(path)).sort(largestFirst);
  await forEachAtOnce(missing, concurrency, signal, async ({ path, content, sha256, blocks }, either) => {
    const onBytes = (count: number, found = false): void => {
      if (found) counts.skippedBytes += count;
      else counts.uploadedBytes += count;
      report();
    };
    await store.put({ path: `${folder}/${path}`, content, sha256, blocks, onBytes, signal: either });
    counts.doneFiles += 1;
    report();
  });
  return {
    storageUri: store.uri(folder),
    contentHash: model.contentHash,
    uploadedBytes: counts.uploadedBytes,
    skippedBytes: counts.skippedBytes,
    files: model.files.map(({ path, content }) => ({
      path,
      sizeBytes: content.sizeBytes,
      skipped: skipped.has(path),
    })),
  };
}

/** A model's folder below the store's prefix: `digits/0123456789ab`. */
export function modelFolder(name: string, contentHash: string): string {
  return joinPath(name, contentHash.replace(/^sha256:/, "").slice(0, HASH_DIGITS));
}

/** The longest takes longest: begun last, it would be alone at the end. */
function largestFirst(a: HashedFile, b: HashedFile): number {
  return b.content.sizeBytes - a.content.sizeBytes;
}

/** KServe downloads whatever lies in the folder, and a runtime may take the wrong file for its model. */
function refuseStrangers(
  folder: string,
  model: Omit<PackagedModel, "format">,
  store: ModelStore,
  found: Iterable<string>,
): void {
  const ours = new Set(model.files.map(({ path }) => `${folder}/${path}`));
  const [stranger] = [...found].filter((path) => !ours.has(path));
  if (stranger === undefined) return;
  throw new KtsError(
    "KTS_UPLOAD_FAILED",
    `${store.uri(stranger)} is not a file of the model, and KServe would load it.`,
    {
      hint: "Delete it: the folder is made by kserve-ts for this model alone.",
    },
  );
}
