import { InvalidInput, KtsError } from "../../contract/errors.ts";
import { PREFIX_BYTES, firstRawOffset } from "../../protocol/grpc.ts";
import { SMALL_BYTES } from "../http/free.ts";
import type { ByteBudget } from "./byte-budget.ts";

/** A message as it came, in memory of its own. */
export interface ReceivedMessage {
  readonly bytes: Uint8Array;
  /** The memory behind `bytes`. */
  readonly owner: Uint8Array;
}

/** What a reader may take. */
export interface ReaderLimits {
  readonly maxBytes: number;
  readonly budget: ByteBudget;
}

/**
 * Cuts a stream of bytes into messages: a prefix of 5 bytes (compressed or not, length), then the message. Chunks may
 * end anywhere. They are copied out, since they are slices of memory that the HTTP/2 session reads into: that must
 * never be freed or handed to another thread.
 */
export class MessageReader {
  readonly #limits: ReaderLimits;
  readonly #deliver: (message: ReceivedMessage, compressed: boolean) => void;
  /** Bytes of the next message's prefix that have come, and what they say. */
  #prefixBytes = 0;
  #flag = 0;
  #length = 0;
  #owner: Uint8Array | undefined;
  #start = 0;
  #at = 0;
  #compressed = false;

  /** @param deliver called with each message */
  constructor(limits: ReaderLimits, deliver: (message: ReceivedMessage, compressed: boolean) => void) {
    this.#limits = limits;
    this.#deliver = deliver;
  }

  /**
   * Takes the next bytes.
   * @throws KtsError KTS_BODY_TOO_LARGE, KTS_QUEUE_FULL; InvalidInput when the prefix is none
   */
  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length) {
      if (this.#owner === undefined) {
        from = this.#readPrefix(chunk, from);
        if (this.#prefixBytes < PREFIX_BYTES) return;
        this.#open(chunk, from);
      }
      from = this.#fill(chunk, from);
    }
  }

  #readPrefix(chunk: Uint8Array, from: number): number {
    let at = from;
    for (; this.#prefixBytes < PREFIX_BYTES && at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#prefixBytes++ === 0) this.#flag = byte;
      else this.#length = this.#length * 0x100 + byte;
    }
    return at;
  }

  /** Makes room for a message. Its first raw tensor will be 8-aligned, so that its elements can be a view. */
  #open(chunk: Uint8Array, from: number): void {
    const flag = this.#flag;
    const length = this.#length;
    this.#length = 0;
    if (flag > 1) throw new InvalidInput(`a message's first byte is ${flag}, expected 0 or 1 (compressed)`);
    const { maxBytes, budget } = this.#limits;
    if (length > maxBytes) throw messageTooLarge(length, maxBytes);
    this.#compressed = flag === 1;
    const pad = this.#compressed ? 0 : (8 - (firstRawOffset(chunk, 7, from) % 8)) % 8;
    budget.take(pad + length);
    const size = pad + length;
    this.#owner = size <= SMALL_BYTES ? new Uint8Array(size) : Buffer.allocUnsafeSlow(size);
    this.#start = pad;
    this.#at = pad;
    if (length === 0) this.#finish(this.#owner);
  }

  #fill(chunk: Uint8Array, from: number): number {
    const owner = this.#owner;
    if (owner === undefined) return from;
    const until = Math.min(chunk.length, from + owner.length - this.#at);
    owner.set(from === 0 && until === chunk.length ? chunk : chunk.subarray(from, until), this.#at);
    this.#at += until - from;
    if (this.#at === owner.length) this.#finish(owner);
    return until;
  }

  #finish(owner: Uint8Array): void {
    const start = this.#start;
    this.#owner = undefined;
    this.#prefixBytes = 0;
    this.#deliver({ bytes: start === 0 ? owner : owner.subarray(start), owner }, this.#compressed);
  }

  /** @throws InvalidInput when the stream ended within a message */
  end(): void {
    if (this.#owner === undefined && this.#prefixBytes === 0) return;
    throw new InvalidInput("The message ended early: it is shorter than its prefix says.");
  }

  /** Gives back what a message that will not come to its end has taken. */
  drop(): void {
    if (this.#owner !== undefined) this.#limits.budget.give(this.#owner.length);
    this.#owner = undefined;
  }
}

/** The error for a message above the limit, in gRPC's own words. */
export function messageTooLarge(bytes: number, maxBytes: number): KtsError {
  return new KtsError(
    "KTS_BODY_TOO_LARGE",
    `SERVER: Received message larger than max (${bytes} vs. ${maxBytes})`,
    { hint: "Send less at once, or raise --grpc_max_receive_message_length." },
  );
}
