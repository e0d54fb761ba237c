import { createHash } from "node:crypto";
import { KtsError } from "../../contract/errors.ts";
import type { Content } from "../artifacts/content.ts";
import type { Slots } from "./slots.ts";
import type { Upload } from "./store.ts";

const MIB = 1 << 20;
const USUAL_PART_BYTES = 16 * MIB;

/** A store's limits for a file in parts. */
export interface PartLimits {
  readonly maxParts: number;
  readonly maxPartBytes: number;
}

/**
 * The size of the parts of a file: 16 MiB, and whole MiB more where that would be too many parts. It follows from the
 * file's size alone, so that another attempt cuts it in the same way.
 * @throws KtsError KTS_UPLOAD_FAILED when the store cannot hold such a file
 */
export function partSize(sizeBytes: number, limits: PartLimits): number {
  const needed = Math.ceil(sizeBytes / limits.maxParts / MIB) * MIB;
  const partBytes = Math.max(USUAL_PART_BYTES, needed);
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
  const { partBytes, slots } = sending;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const hash = createHash("sha256");
  const reader = new PartReader(content);
  const running: Promise<void>[] = [];
  // New memory for every part costs more than to read it: pages to be had, and collections.
  const spare: Buffer[] = [];
  try {
    for (let start = 0, index = 0; start < content.sizeBytes; start += partBytes, index += 1) {
      await slots.take();
      let isSending = false;
      try {
        either.throwIfAborted();
        const bytes = await reader.next(Math.min(partBytes, content.sizeBytes - start), spare.pop());
        hash.update(bytes);
        either.throwIfAborted();
        const sent = sending.send({ index, start, bytes }, either).then(() => void spare.push(bytes));
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
    await reader.close();
  }
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
  checkContent(upload, hash.digest("hex"));
}

/**
 * A small file's bytes.
 * @throws KtsError KTS_UPLOAD_FAILED when they are not those that were hashed
 */
export async function wholeContent(upload: Upload): Promise<Buffer> {
  const reader = new PartReader(upload.content);
  try {
    const bytes = await reader.next(upload.content.sizeBytes);
    checkContent(upload, createHash("sha256").update(bytes).digest("hex"));
    return bytes;
  } finally {
    await reader.close();
  }
}

/** What lies in the store would otherwise be said to be what it is not. */
function checkContent({ path, sha256 }: Upload, found: string): void {
  if (found === sha256) return;
  throw new KtsError("KTS_UPLOAD_FAILED", `${path} has changed since it was hashed; it was not stored.`, {
    hint: "Something writes to the file; deploy again when it is done.",
  });
}

/** Reads a content's bytes in stretches of the wanted sizes, whatever the sizes it comes in. */
class PartReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(content: Content) {
    this.#chunks = content.read()[Symbol.asyncIterator]();
  }

  /** @param memory what may be written over, where there is some */
  async next(sizeBytes: number, memory?: Buffer): Promise<Buffer> {
    const isEnough = memory !== undefined && memory.length >= sizeBytes;
    const bytes = isEnough ? memory.subarray(0, sizeBytes) : Buffer.allocUnsafeSlow(sizeBytes);
    let filled = 0;
    while (filled < sizeBytes) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) throw new Error(`the content ended ${sizeBytes - filled} bytes too early`);
        this.#rest = next.value;
      }
      const taken = this.#rest.subarray(0, sizeBytes - filled);
      bytes.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
