import { scratchBytes } from "../../protocol/elements/platform.ts";
import { jsonLengthOf } from "../inference-header.ts";
import type { HttpHeaders } from "../transport.ts";

const LEAST_ROOM_BYTES = 65_536;

/** An answer's body while it comes. */
export class AnswerBody {
  readonly #maxBytes: number;
  /** The announced length; undefined for a chunked body. */
  readonly #length: number | undefined;
  /** Bytes left free in front: the first tensor then starts at a multiple of 8, so that its elements can be a view. */
  readonly #pad: number;
  #room: Uint8Array = new Uint8Array(0);
  #received = 0;

  constructor(headers: HttpHeaders, maxBytes: number) {
    const length = headers["content-length"];
    const jsonLength = jsonLengthOf(headers) ?? 0;
    this.#maxBytes = maxBytes;
    this.#length = length === undefined ? undefined : Number(length);
    this.#pad = Number.isNaN(jsonLength) ? 0 : (8 - (jsonLength % 8)) % 8;
  }

  /** Whether more is announced than may come. */
  get tooLarge(): boolean {
    return this.#length !== undefined && this.#length > this.#maxBytes;
  }

  /** Takes the next bytes. @returns false when it is more than may come */
  add(chunk: Uint8Array): boolean {
    const end = this.#received + chunk.length;
    if (end > this.#maxBytes) return false;
    // A body that comes in one chunk is that chunk; what comes in many is put into one buffer as it comes.
    if (this.#received === 0 && chunk.length === (this.#length ?? chunk.length)) {
      this.#room = chunk;
    } else {
      if (end > this.#room.length) this.#grow(end);
      this.#room.set(chunk, this.#received);
    }
    this.#received = end;
    return true;
  }

  /** The body. Only once all of it has come. */
  finish(): Uint8Array {
    return new Uint8Array(this.#room.buffer, this.#room.byteOffset, this.#received);
  }

  #grow(least: number): void {
    const capacity = this.#length ?? Math.min(this.#maxBytes, Math.max(2 * least, LEAST_ROOM_BYTES));
    // Of its own: a slice of Node's shared pool could not be handed to another thread.
    const room = scratchBytes(this.#pad + capacity).subarray(this.#pad);
    room.set(this.#room.subarray(0, this.#received));
    this.#room = room;
  }
}
