import type * as Sdk from "@aws-sdk/client-s3";
import { hash } from "node:crypto";
import { BLOCK_BYTES } from "../artifacts/content.ts";
import { DEFAULT_MAX_REQUESTS, type OpenStoreOptions } from "./open-options.ts";
import { optionalPackage } from "./optional-package.ts";
import { type Part, checkContent, partSize, sendParts, wholeContent } from "./parts.ts";
import { type Place, joinPath, placeOf } from "./place.ts";
import { redactor } from "./redact.ts";
import { LIST_TRIES, withRetries } from "./retry.ts";
import { type S3Attempt, type S3Context, isS3Transient, s3Failure } from "./s3-failure.ts";
import { findS3Parts, type FoundPart, isSamePart } from "./s3-resume.ts";
import { s3Settings } from "./s3-settings.ts";
import { Slots, forEachAtOnce } from "./slots.ts";
import type { ModelStore, StoredFile, Upload } from "./store.ts";

const LIMITS = { maxParts: 10_000, maxPartBytes: 5 * 2 ** 30 };
/** The digest of the whole file: S3's own of a file in parts is one of the parts' digests. */
const DIGEST_KEY = "kserve-ts-sha256";

/**
 * Opens a bucket of S3, or of a store that speaks its protocol.
 * @param uri `s3://bucket/path`
 * @throws KtsError KTS_PACKAGE_MISSING or KTS_CONFIG_INVALID
 */
export async function openS3Store(uri: string, options: OpenStoreOptions): Promise<ModelStore> {
  const name = "@aws-sdk/client-s3";
  const sdk = await optionalPackage(() => import("@aws-sdk/client-s3"), [name], "A store of s3://");
  const settings = await s3Settings(options);
  let client = new sdk.S3Client(settings.config);
  // Amazon's region may be in a profile; where it is nowhere, its first one tells by a redirect which it is.
  const region = await client.config.region().catch(() => undefined);
  if (region === undefined) {
    client.destroy();
    client = new sdk.S3Client({ ...settings.config, region: "us-east-1" });
  }
  const context: S3Context = {
    endpoint: settings.endpoint,
    region: region ?? "us-east-1",
    source: settings.source,
    hide: redactor(settings.secrets),
  };
  return new S3Store(sdk, client, placeOf(uri), context, options.maxRequests ?? DEFAULT_MAX_REQUESTS);
}

class S3Store implements ModelStore {
  readonly #sdk: typeof Sdk;
  readonly #client: Sdk.S3Client;
  readonly #place: Place;
  readonly #context: S3Context;
  readonly #maxRequests: number;
  readonly #slots: Slots;

  constructor(sdk: typeof Sdk, client: Sdk.S3Client, place: Place, context: S3Context, maxRequests: number) {
    this.#sdk = sdk;
    this.#client = client;
    this.#place = place;
    this.#context = context;
    this.#maxRequests = maxRequests;
    this.#slots = new Slots(maxRequests);
  }

  uri(path: string): string {
    return `s3://${joinPath(this.#place.bucket, this.#place.prefix, path)}`;
  }

  async list(path: string, signal: AbortSignal): Promise<ReadonlyMap<string, StoredFile>> {
    const base = joinPath(this.#place.prefix, path);
    const within = base === "" ? "" : `${base}/`;
    const skipped = this.#place.prefix === "" ? 0 : this.#place.prefix.length + 1;
    const files = new Map<string, StoredFile>();
    let after: string | undefined;
    do {
      const page = await this.#try(
        { permission: "s3:ListBucket" },
        signal,
        (abortSignal) =>
          this.#client.send(
            new this.#sdk.ListObjectsV2Command({
              Bucket: this.#place.bucket,
              Prefix: within,
              ContinuationToken: after,
            }),
            { abortSignal },
          ),
        LIST_TRIES,
      );
      for (const { Key: key, Size: sizeBytes } of page.Contents ?? []) {
        // Folders that a console made are empty objects, which KServe passes over as well.
        if (key !== undefined && !key.endsWith("/"))
          files.set(key.slice(skipped), { sizeBytes: sizeBytes ?? 0 });
      }
      after = page.NextContinuationToken;
    } while (after !== undefined);
    // A list has no metadata.
    await forEachAtOnce([...files.keys()], this.#maxRequests, signal, async (file, either) => {
      const found = await this.#head(joinPath(this.#place.prefix, file), either);
      if (found === undefined) files.delete(file);
      else files.set(file, found);
    });
    return files;
  }

  async put(upload: Upload): Promise<void> {
    const { sizeBytes } = upload.content;
    const partBytes = partSize(sizeBytes, LIMITS);
    if (sizeBytes <= partBytes) await this.#putWhole(upload);
    else await this.#putParts(upload, partBytes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
    return Promise.resolve();
  }

  async #putWhole(upload: Upload): Promise<void> {
    const { sha256, signal } = upload;
    const key = this.#key(upload);
    await this.#slots.use(async () => {
      const bytes = await wholeContent(upload);
      await this.#try({ permission: "s3:PutObject", key }, signal, (abortSignal) => {
        const command = new this.#sdk.PutObjectCommand({
          Bucket: this.#place.bucket,
          Key: key,
          Body: bytes,
          ContentLength: bytes.length,
          Metadata: { [DIGEST_KEY]: sha256 },
        });
        sayDigest(command, sha256);
        return this.#client.send(command, { abortSignal });
      });
    });
    upload.onBytes(upload.content.sizeBytes);
  }

  /** Parts that an earlier attempt left are taken as they are where their content is the same. */
  async #putParts(upload: Upload, partBytes: number): Promise<void> {
    const key = this.#key(upload);
    const { bucket } = this.#place;
    const found = await this.#try(
      { permission: "s3:ListBucketMultipartUploads", key },
      upload.signal,
      (signal) => findS3Parts(this.#sdk, this.#client, { bucket, key }, signal),
    );
    try {
      await this.#sendParts(upload, partBytes, found?.uploadId ?? (await this.#begin(upload)), found?.parts);
    } catch (error) {
      if ((error as Error).cause instanceof Error && isGone((error as Error).cause)) {
        // Another run has finished or given up the same upload.
        const there = await this.#head(key, upload.signal);
        if (there?.sha256 === upload.sha256 && there.sizeBytes === upload.content.sizeBytes) return;
      }
      throw error;
    }
  }

  async #begin({ path, sha256, signal }: Upload): Promise<string> {
    const key = joinPath(this.#place.prefix, path);
    const { UploadId: id } = await this.#try({ permission: "s3:PutObject", key }, signal, (abortSignal) =>
      this.#client.send(
        new this.#sdk.CreateMultipartUploadCommand({
          Bucket: this.#place.bucket,
          Key: key,
          Metadata: { [DIGEST_KEY]: sha256 },
        }),
        { abortSignal },
      ),
    );
    return id ?? "";
  }

  async #sendParts(
    upload: Upload,
    partBytes: number,
    uploadId: string,
    found: ReadonlyMap<number, FoundPart> = new Map(),
  ): Promise<void> {
    const key = this.#key(upload);
    const target = { Bucket: this.#place.bucket, Key: key, UploadId: uploadId };
    const tags: string[] = [];
    // The digests that were taken when the file was hashed are those of its parts, unless it is an enormous one.
    const digests = partBytes === BLOCK_BYTES ? upload.blocks : undefined;
    const send = async (part: Part, signal: AbortSignal): Promise<void> => {
      const there = found.get(part.index + 1);
      const isThere = there !== undefined && isSamePart(there, part.bytes);
      tags[part.index] = isThere
        ? there.tag
        : await this.#sendPart(target, part, digests?.[part.index] ?? hash("sha256", part.bytes), signal);
      upload.onBytes(part.bytes.length, isThere);
    };
    await sendParts(upload, { partBytes, slots: this.#slots, isCheckedByStore: digests !== undefined, send });
    const parts = tags.map((tag, index) => ({ ETag: tag, PartNumber: index + 1 }));
    await this.#try({ permission: "s3:PutObject", key }, upload.signal, (abortSignal) =>
      this.#client.send(
        new this.#sdk.CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: parts } }),
        { abortSignal },
      ),
    );
  }

  async #sendPart(
    target: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
    { index, bytes }: Part,
    sha256: string,
    signal: AbortSignal,
  ): Promise<string> {
    const { ETag: tag } = await this.#try(
      { permission: "s3:PutObject", key: target.Key },
      signal,
      async (abortSignal) => {
        const command = new this.#sdk.UploadPartCommand({
          ...target,
          PartNumber: index + 1,
          Body: bytes,
          ContentLength: bytes.length,
        });
        sayDigest(command, sha256);
        try {
          return await this.#client.send(command, { abortSignal });
        } catch (error) {
          // Else it was spoilt on its way, which passes.
          if (isOtherContent(error)) checkContent({ path: target.Key, sha256 }, hash("sha256", bytes));
          throw error;
        }
      },
    );
    return tag ?? "";
  }

  async #head(key: string, signal: AbortSignal): Promise<StoredFile | undefined> {
    return this.#try({ permission: "s3:GetObject", key }, signal, async (abortSignal) => {
      try {
        const head = await this.#client.send(
          new this.#sdk.HeadObjectCommand({ Bucket: this.#place.bucket, Key: key }),
          { abortSignal },
        );
        const sha256 = head.Metadata?.[DIGEST_KEY];
        return { sizeBytes: head.ContentLength ?? 0, ...(sha256 !== undefined && { sha256 }) };
      } catch (error) {
        if ((error as Error).name === "NotFound") return undefined;
        throw error;
      }
    });
  }

  #key({ path }: Upload): string {
    return joinPath(this.#place.prefix, path);
  }

  async #try<T>(
    attempt: Omit<S3Attempt, "bucket">,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<T>,
    mostTries?: number,
  ): Promise<T> {
    const retries = { isTransient: isS3Transient, signal, ...(mostTries !== undefined && { mostTries }) };
    try {
      return await withRetries(() => send(signal), retries);
    } catch (error) {
      signal.throwIfAborted();
      throw s3Failure(error, { ...attempt, bucket: this.#place.bucket }, this.#context);
    }
  }
}

function isOtherContent(error: unknown): boolean {
  return (error as Error).name === "XAmzContentSHA256Mismatch";
}

function isGone(error: unknown): boolean {
  return (error as Error).name === "NoSuchUpload";
}

/** The signature covers the digest, and the store checks it: a store of S3 does so whatever else it can. */
function sayDigest(command: Sdk.PutObjectCommand | Sdk.UploadPartCommand, sha256: string): void {
  (command.middlewareStack as Sdk.PutObjectCommand["middlewareStack"]).add(
    (next) => (call) => {
      (call.request as { headers: Record<string, string> }).headers["x-amz-content-sha256"] = sha256;
      return next(call);
    },
    { step: "build", name: "sayDigest" },
  );
}
