import { messageOf } from "../../contract/errors.ts";
import { answerTooLarge } from "../http/connection-error.ts";
import { unreadable } from "../unreadable.ts";

/**
 * Undoes a message's compression, off this thread.
 * @param coding the answer's header grpc-encoding; `deflate` is zlib's format
 * @throws KtsError KTS_SERVER_ANSWERED when it is larger than `maxBytes` once it is undone, or not what `coding` says
 */
export async function decompressAnswer(
  coding: string,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  if (coding !== "gzip" && coding !== "deflate") {
    throw unreadable(
      "gRPC message",
      `it is compressed as ${JSON.stringify(coding)}, expected gzip or deflate`,
    );
  }
  const { gunzip, inflate } = await import("node:zlib");
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const undo = coding === "gzip" ? gunzip : inflate;
  // zlib takes no limit above what a Buffer can have.
  const maxOutputLength = Math.min(maxBytes, 2 ** 32);
  undo(bytes, { maxOutputLength }, (error: NodeJS.ErrnoException | null, plain: Uint8Array) => {
    if (error === null) resolve(new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength));
    else if (error.code === "ERR_BUFFER_TOO_LARGE") reject(answerTooLarge(maxBytes));
    else reject(unreadable("gRPC message", `it is not ${coding} data (${messageOf(error)})`, error));
  });
  return promise;
}
