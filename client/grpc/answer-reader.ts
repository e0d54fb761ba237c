import { KtsError } from "../../contract/errors.ts";
import { PREFIX_BYTES, firstRawOffset } from "../../protocol/grpc.ts";
import { unreadable } from "../unreadable.ts";

/** A message of an answer, as it came. */
export interface AnswerMessage {
  readonly bytes: Uint8Array;
  readonly compressed: boolean;
}

const RAW_OUTPUT_CONTENTS = 6;

/** Cuts an answer's bytes into messages: a prefix of 5 bytes (compressed or not, length), then the message. */
export class AnswerReader {
  readonly #maxBytes: number;
  readonly #deliver: (message: AnswerMessage) => void;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixBytes = 0;
  #room: Uint8Array | undefined;
  #at = 0;

  /** @param deliver called with each message */
  constructor(maxBytes: number, deliver: (message: AnswerMessage) => void) {
    this.#maxBytes = maxBytes;
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
    const pad = flag === 1 ? 0 : (8 - (firstRawOffset(start, RAW_OUTPUT_CONTENTS) % 8)) % 8;
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

/** The error for an answer above the limit. */
export function answerTooLarge(maxBytes: number): KtsError {
  return new KtsError("KTS_SERVER_ANSWERED", `The server's answer is larger than ${maxBytes} bytes.`, {
    hint: "Ask for less at once, or raise maxAnswerBytes.",
  });
}
