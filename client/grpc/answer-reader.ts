import { PREFIX_BYTES, firstRawOffset, streamedResponseOffset } from "../../protocol/grpc.ts";
import { answerTooLarge } from "../http/connection-error.ts";
import { unreadable } from "../unreadable.ts";

/** A message of an answer, as it came. */
export interface AnswerMessage {
  readonly bytes: Uint8Array;
  readonly compressed: boolean;
}

const RAW_OUTPUT_CONTENTS = 6;

/** Where a message's first raw tensor starts, of which the start has come; 0 where that is not to be seen. */
export type RawOffset = (start: Uint8Array) => number;

/** In a ModelInferResponse. */
export const responseOffset: RawOffset = (start) => firstRawOffset(start, RAW_OUTPUT_CONTENTS);

/** In a ModelStreamInferResponse. */
export const streamedOffset: RawOffset = (start) => {
  const from = streamedResponseOffset(start);
  const offset = firstRawOffset(start, RAW_OUTPUT_CONTENTS, from);
  return offset === 0 ? 0 : from + offset;
};

/** Cuts an answer's bytes into messages: a prefix of 5 bytes (compressed or not, length), then the message. */
export class AnswerReader {
  readonly #maxBytes: number;
  readonly #rawOffset: RawOffset;
  readonly #deliver: (message: AnswerMessage) => void;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixBytes = 0;
  #room: Uint8Array | undefined;
  #at = 0;

  /** @param deliver called with each message */
  constructor(maxBytes: number, rawOffset: RawOffset, deliver: (message: AnswerMessage) => void) {
    this.#maxBytes = maxBytes;
    this.#rawOffset = rawOffset;
    this.#deliver = deliver;
  }

  /** Whether what came so far ends with a message's end. */
  get whole(): boolean {
    return this.#prefixBytes === 0;
  }

  /**
   * Takes the next bytes.
   * @throws KtsError KTS_SERVER_ANSWERED when a message is larger than it may be, or the bytes are no message
   */
  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length) {
      while (this.#prefixBytes < PREFIX_BYTES && from < chunk.length) {
        this.#prefix[this.#prefixBytes++] = chunk[from++] as number;
      }
      if (this.#prefixBytes < PREFIX_BYTES) return;
      this.#room ??= this.#open(chunk.subarray(from));
      const until = Math.min(chunk.length, from + this.#room.length - this.#at);
      this.#room.set(chunk.subarray(from, until), this.#at);
      this.#at += until - from;
      from = until;
      if (this.#at === this.#room.length) this.#finish(this.#room);
    }
  }

  /**
   * Makes room for a message: of its own, since chunks are slices of memory that is used again. Its first raw tensor
   * is 8-aligned there, so that its elements can be a view.
   */
  #open(start: Uint8Array): Uint8Array {
    const flag = this.#prefix[0] as number;
    const length = new DataView(this.#prefix.buffer).getUint32(1);
    if (flag > 1) throw unreadable("gRPC message", `its first byte is ${flag}, expected 0 or 1 (compressed)`);
    if (length > this.#maxBytes) throw answerTooLarge(this.#maxBytes);
    const pad = flag === 1 ? 0 : (8 - (this.#rawOffset(start) % 8)) % 8;
    this.#at = 0;
    return Buffer.allocUnsafeSlow(pad + length).subarray(pad);
  }

  #finish(room: Uint8Array): void {
    this.#room = undefined;
    this.#prefixBytes = 0;
    // Not a Buffer: its slice and toString would surprise whoever gets an element of BYTES.
    const bytes = new Uint8Array(room.buffer, room.byteOffset, room.length);
    this.#deliver({ bytes, compressed: this.#prefix[0] === 1 });
  }
}
