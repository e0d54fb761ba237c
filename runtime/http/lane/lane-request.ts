import type { IncomingHttpHeaders } from "node:http";
import { type BodyPlan, type BodySink, takerOf } from "../body.ts";
import type { CarriedRequest } from "../carrier.ts";
import type { HotHead } from "./hot-head.ts";

/** Up to here a body of JSON alone is put into node's shared pool: memory of its own would cost more than reading it. */
const POOLED_BYTES = 2_048;

/** A request that the lane has read. */
export class LaneRequest implements CarriedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  readonly httpVersion = "1.1";
  complete = false;
  readonly #length: number;
  #reader: BodySink | undefined;
  #pad = 0;
  #pooled = false;
  #owner: Uint8Array | undefined;
  #at = 0;

  /** @param length the value of Content-Length, as it came */
  constructor(head: HotHead, length: string) {
    // A predictor may do with its headers what it likes, so each request has its own.
    this.headers = { ...head.headers, "content-length": length };
    this.url = head.target;
    this.#length = Number(length);
  }

  readBody(plan: BodyPlan, sink: BodySink): void {
    const { pad, reader } = takerOf(plan, sink);
    this.#reader = reader;
    this.#pad = pad;
    this.#at = pad;
    // A tensor's memory may be handed to a worker, and what is compressed is read by another thread.
    this.#pooled = plan.jsonLength === undefined && plan.coding === undefined && this.#length <= POOLED_BYTES;
  }

  /** Takes the next bytes of the body, which are the connection's, and so copied. */
  take(bytes: Buffer, from: number, to: number): void {
    if (this.#reader === undefined) return;
    this.#owner ??= this.#allocate();
    bytes.copy(this.#owner, this.#at, from, to);
    this.#at += to - from;
  }

  /** The body is there whole. */
  end(): void {
    this.complete = true;
    if (this.#reader === undefined) return;
    const owner = this.#owner ?? new Uint8Array(this.#pad);
    this.#owner = undefined;
    this.#reader.bodyRead({ bytes: this.#pad === 0 ? owner : owner.subarray(this.#pad), owner });
  }

  /** The connection is gone. */
  drop(): void {
    this.#reader = undefined;
    this.#owner = undefined;
  }

  #allocate(): Buffer {
    const size = this.#pad + this.#length;
    return this.#pooled ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
  }
}
