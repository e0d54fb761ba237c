import type * as Sdk from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";

/** A part that lies in the store. */
export interface FoundPart {
  readonly sizeBytes: number;
  /** Its ETag, quotes and all. */
  readonly tag: string;
}

/** An upload that was begun and not finished, with its parts by their numbers. */
export interface FoundUpload {
  readonly uploadId: string;
  readonly parts: ReadonlyMap<number, FoundPart>;
}

/**
 * The upload of a key that has got furthest; undefined where there is none, or we may not look. What it is an upload of
 * follows from the key, which has the model's hash in it; and each part is compared before it is taken.
 */
export async function findS3Parts(
  sdk: typeof Sdk,
  client: Sdk.S3Client,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  abortSignal: AbortSignal,
): Promise<FoundUpload | undefined> {
  let best: FoundUpload | undefined;
  try {
    const { Uploads: uploads = [] } = await client.send(
      new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }),
      { abortSignal },
    );
    for (const { Key: found, UploadId: uploadId } of uploads) {
      if (found !== key || uploadId === undefined) continue;
      const parts = await listParts(
        sdk,
        client,
        { Bucket: bucket, Key: key, UploadId: uploadId },
        abortSignal,
      );
      if (best === undefined || parts.size > best.parts.size) best = { uploadId, parts };
    }
  } catch (error) {
    // Whoever may not look, or a store that cannot say, uploads from the beginning.
    if (!["AccessDenied", "NotImplemented", "NoSuchUpload"].includes((error as Error).name)) throw error;
  }
  return best;
}

async function listParts(
  sdk: typeof Sdk,
  client: Sdk.S3Client,
  target: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
  abortSignal: AbortSignal,
): Promise<ReadonlyMap<number, FoundPart>> {
  const parts = new Map<number, FoundPart>();
  let after: string | undefined;
  do {
    const page = await client.send(new sdk.ListPartsCommand({ ...target, PartNumberMarker: after }), {
      abortSignal,
    });
    for (const { PartNumber: number, Size: sizeBytes, ETag: tag } of page.Parts ?? []) {
      if (number !== undefined && sizeBytes !== undefined && tag !== undefined)
        parts.set(number, { sizeBytes, tag });
    }
    after = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (after !== undefined);
  return parts;
}

/** Whether a part in the store has these bytes. An ETag that is no MD5, as keys of KMS make it, tells nothing. */
export function isSamePart(found: FoundPart, bytes: Uint8Array): boolean {
  if (found.sizeBytes !== bytes.length) return false;
  return found.tag.replaceAll('"', "") === createHash("md5").update(bytes).digest("hex");
}
