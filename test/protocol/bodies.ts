import { KtsError } from "../../contract/errors.ts";
import type { EncodedBody } from "../../protocol/body.ts";

/** A body as it goes over the wire. */
export function bytesOf({ head, tail }: Pick<EncodedBody, "head" | "tail">): Buffer {
  return Buffer.concat([Buffer.from(head), ...tail]);
}

/** A text as it is, anything else as JSON; in bytes. */
export function json(value: unknown): Buffer {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}

/** The bytes at a place in a block of their own, so many bytes behind its start. */
export function shifted(bytes: Uint8Array, offset: number): Uint8Array {
  const block = new Uint8Array(offset + bytes.length);
  block.set(bytes, offset);
  return block.subarray(offset);
}

/** The error of ours that a call throws. */
export function refusal(call: () => unknown): KtsError {
  try {
    call();
  } catch (error) {
    if (error instanceof KtsError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
