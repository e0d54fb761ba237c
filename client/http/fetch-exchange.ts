import { InvalidInput, KtsError, messageOf } from "../../contract/errors.ts";
import type { Address } from "../address.ts";
import { CallLimits } from "../call-limits.ts";
import { oneLine } from "../one-line.ts";
import type { HttpHeaders, StreamedAnswer, TransportRequest } from "../transport.ts";
import { streamLeft, tooLate } from "./connection-error.ts";

/** One request and its answer by fetch, under a deadline and a signal. Whatever ends it first decides. */
export class FetchExchange {
  readonly #plan: TransportRequest;
  readonly #address: Address;
  readonly #onEnd: (exchange: FetchExchange) => void;
  readonly #ending = new AbortController();
  readonly #limits: CallLimits;

  /**
   * Starts its clock; nothing is sent yet.
   * @param onEnd called when it has ended
   */
  constructor(plan: TransportRequest, address: Address, onEnd: (exchange: FetchExchange) => void) {
    this.#plan = plan;
    this.#address = address;
    this.#onEnd = onEnd;
    this.#limits = new CallLimits(
      plan,
      () => this.fail(tooLate(plan, address.url)),
      (reason) => this.fail(reason),
    );
  }

  /** Sends the request, and gives its answer once the head is there. */
  async open(): Promise<StreamedAnswer> {
    try {
      const { status, headers, body } = await this.#reached(this.#fetch());
      return {
        status,
        headers: Object.fromEntries(headers),
        body: this.#read(body),
        cancel: () => this.fail(streamLeft()),
      };
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** Ends the exchange, and its connection, unless it has ended. */
  fail(reason: unknown): void {
    this.#ending.abort(reason);
    this.#end();
  }

  async *#read(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = body?.getReader();
    try {
      while (reader !== undefined) {
        const { done, value } = await this.#reached(reader.read());
        if (done) return;
        yield value;
      }
    } finally {
      this.#end();
    }
  }

  async #fetch(): Promise<Response> {
    const { method, path, body } = this.#plan;
    const headers = toHeaders(this.#plan.headers);
    const { origin } = new URL(this.#address.url);
    const blob = body === undefined ? {} : { body: new Blob(body as BlobPart[]) };
    return fetch(origin + path, { method, headers, signal: this.#ending.signal, ...blob });
  }

  async #reached<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      // Whatever fetch makes of an abort: it is the reason that says what happened.
      if (this.#ending.signal.aborted) throw this.#ending.signal.reason;
      if (error instanceof InvalidInput) throw error;
      const problem = `Cannot reach ${this.#address.url}: ${oneLine(messageOf(error))}.`;
      throw new KtsError("KTS_SERVER_UNREACHABLE", problem, {
        cause: error,
        hint: "Is the server running at that URL, and does it let pages of this origin ask it (CORS)?",
      });
    }
  }

  #end(): void {
    this.#limits.lift();
    this.#onEnd(this);
  }
}

type BlobPart = string | Uint8Array<ArrayBuffer>;

/** @throws InvalidInput for what HTTP does not allow, and for what a browser would drop without a word */
function toHeaders(given: HttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    // Ours; the browser has one of its own.
    if (name === "accept-encoding") continue;
    if (name === "host") throw new InvalidInput("a browser sets it itself", { path: "headers.host" });
    try {
      headers.set(name, value);
    } catch (error) {
      throw new InvalidInput(messageOf(error), { path: `headers.${name}`, cause: error });
    }
  }
  return headers;
}
