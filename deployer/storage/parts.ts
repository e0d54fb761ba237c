import { createHash, hash } from "node:crypto";
import { KtsError } from "../../contract/errors.ts";
import { BLOCK_BYTES, fillFrom } from "../artifacts/content.ts";
import type { Slots } from "./slots.ts";
import type { Upload } from "./store.ts";

const MIB = 1 << 20;

/** A store's limits for a file in parts. */
export interface PartLimits {
  readonly maxParts: number;
  readonly maxPartBytes: number;
}

/**
 * The size of the parts of a file: BLOCK_BYTES, and whole MiB more where that would be too many parts. It follows from the
 * file's size alone, so that another attempt cuts it in the same way.
 * @throws KtsError KTS_UPLOAD_FAILED when the store cannot hold such a file
 */
export function partSize(sizeBytes: number, limits: PartLimits): number {
  const needed = Math.ceil(sizeBytes / limits.maxParts / MIB) * MIB;
  const partBytes = Math.max(BLOCK_BYTES, needed);
  if (partBytes <= limits.maxPartBytes) return partBytes;
  const most = (limits.maxParts * limits.maxPartBytes) / MIB / MIB;
  throw new KtsError(
    "KTS_UPLOAD_FAILED",
    `A file of ${sizeBytes} bytes is more than the store takes, which is ${most.toFixed(1)} TiB.`,
    { hint: "Split the model into several files." },
  );
}

/** A stretch of a file. */
export interface Part {
  /** Counted from 0. */
  readonly index: number;
  readonly start: number;
  readonly bytes: Buffer;
}

/** How a file is sent. */
export interface PartSending {
  readonly partBytes: number;
  /** A part is read when there is a place for it, which bounds the memory. */
  readonly slots: Slots;
  /**
   * Whether the store is told each part's digest, taken when the file was hashed, and so refuses what has changed since:
   * then the file is not hashed again here.
   */
  readonly isCheckedByStore?: boolean;
  /**
   * The part's bytes are used again for another one when it is done.
   * @param signal aborted when another part has failed
   */
  send(part: Part, signal: AbortSignal): Promise<void>;
}

/**
 * Reads a file once, from its beginning to its end, and sends its parts meanwhile, several at once.
 * @throws KtsError KTS_UPLOAD_FAILED when the content is not the one that was hashed; what `send` throws first
 */
export async function sendParts(upload: Upload, sending: PartSending): Promise<void> {
  const { content, signal } = upload;
  const { partBytes, slots, isCheckedByStore = false } = sending;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const whole = createHash("sha256");
  const running: Promise<void>[] = [];
  // New memory for every part costs more than to read it: pages to be had, and collections.
  const spare: Buffer[] = [];
  try {
    for (let start = 0, index = 0; start < content.sizeBytes; start += partBytes, index += 1) {
      await slots.take();
      let isSending = false;
      try {
        either.throwIfAborted();
        const memory = spare.pop() ?? Buffer.allocUnsafeSlow(Math.min(partBytes, content.sizeBytes));
        const bytes = memory.subarray(0, content.sizeBytes - start);
        await fillFrom(content, bytes, start);
        if (!isCheckedByStore) whole.update(bytes);
        either.throwIfAborted();
        const sent = sending.send({ index, start, bytes }, either).then(() => void spare.push(memory));
        isSending = true;
        running.push(sent.catch((error: unknown) => failed.abort(error)).finally(() => slots.give()));
      } finally {
        if (!isSending) slots.give();
      }
    }
  } catch (error) {
    failed.abort(error);
  } finally {
    await Promise.all(running);
  }
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
  if (!isCheckedByStore) checkContent(upload, whole.digest("hex"));
}

/**
 * A small file's bytes.
 * @throws KtsError KTS_UPLOAD_FAILED when they are not those that were hashed
 */
export async function wholeContent(upload: Upload): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(upload.content.sizeBytes);
  await fillFrom(upload.content, bytes, 0);
  checkContent(upload, hash("sha256", bytes));
  return bytes;
}

/**
 * What lies in the store would otherwise be said to be what it is not.
 * @throws KtsError KTS_UPLOAD_FAILED
 */
export function checkContent({ path, sha256 }: Pick<Upload, "path" | "sha256">, found: string): void {
  if (found === sha256) return;
  throw new KtsError("KTS_UPLOAD_FAILED", `${path} has changed since it was hashed; it was not stored.`, {
    hint: "Something writes to the file; deploy again when it is done.",
  });
}
