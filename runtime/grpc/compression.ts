import { InvalidInput, messageOf } from "../../contract/errors.ts";
import type { KtsError } from "../../contract/errors.ts";
import { type EncodedMessage, PREFIX_BYTES, messageBytes, writePrefix } from "../../protocol/grpc.ts";
import type { MessageCoding } from "./call-headers.ts";

/** Below this, compressing a message takes more time than it saves. */
export const WORTH_BYTES = 1024;

/**
 * Undoes a message's compression, off this thread.
 * @param tooLarge makes the error for a message that is larger than `maxBytes` once it is undone
 * @throws InvalidInput when the bytes are not what `coding` says
 */
export async function decompressMessage(
  coding: MessageCoding,
  bytes: Uint8Array,
  maxBytes: number,
  tooLarge: () => KtsError,
): Promise<Uint8Array> {
  const { gunzip, inflate } = await import("node:zlib");
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const undo = coding === "gzip" ? gunzip : inflate;
  undo(bytes, { maxOutputLength: maxBytes }, (error: NodeJS.ErrnoException | null, plain: Uint8Array) => {
    if (error === null) resolve(plain);
    else if (error.code === "ERR_BUFFER_TOO_LARGE") reject(tooLarge());
    else
      reject(
        new InvalidInput(`the message is not ${coding} data (${messageOf(error)})`, {
          path: "grpc-encoding",
        }),
      );
  });
  return promise;
}

/** Compresses a message, off this thread. */
export async function compressMessage(
  coding: MessageCoding,
  message: EncodedMessage,
): Promise<EncodedMessage> {
  const { gzip, deflate } = await import("node:zlib");
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const compress = coding === "gzip" ? gzip : deflate;
  compress(messageBytes(message), (error: Error | null, packed: Uint8Array) => {
    if (error === null) resolve(packed);
    else reject(error);
  });
  const packed = await promise;
  const head = Buffer.allocUnsafe(PREFIX_BYTES);
  writePrefix(head, 1, packed.length);
  return { head, tail: [packed], byteLength: packed.length };
}
