import { InvalidInput, KtsError, messageOf } from "../../contract/errors.ts";
import type { Address } from "../address.ts";
import { oneLine } from "../one-line.ts";
import type { HttpHeaders, ServerAnswer, Transport, TransportRequest } from "../transport.ts";
import { AnswerBody } from "./answer-body.ts";
import { clientClosed } from "./connection-error.ts";

/** The longest a timer can run; a longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Sends requests by fetch, for browsers. */
export class FetchTransport implements Transport {
  readonly #address: Address;
  readonly #closing = new AbortController();

  constructor(address: Address) {
    this.#address = address;
  }

  async send(request: TransportRequest): Promise<ServerAnswer> {
    const { signal, timeoutMs } = request;
    signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    const ending = new AbortController();
    const end = (reason: unknown): void => ending.abort(reason);
    const abort = (): void => end(signal?.reason);
    const close = (): void => end(this.#closing.signal.reason);
    signal?.addEventListener("abort", abort);
    this.#closing.signal.addEventListener("abort", close);
    const timer =
      timeoutMs <= LONGEST_TIMER_MS
        ? setTimeout(() => end(tooLate(request, this.#address)), timeoutMs)
        : undefined;
    try {
      return await this.#exchange(request, ending);
    } catch (error) {
      // Whatever fetch makes of an abort: it is the reason that says what happened.
      throw ending.signal.aborted ? ending.signal.reason : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      this.#closing.signal.removeEventListener("abort", close);
    }
  }

  close(): void {
    this.#closing.abort(clientClosed());
  }

  async #exchange(request: TransportRequest, ending: AbortController): Promise<ServerAnswer> {
    const { method, path, body, maxAnswerBytes } = request;
    const headers = toHeaders(request.headers);
    const { origin } = new URL(this.#address.url);
    const response = await this.#reached(
      fetch(origin + path, {
        method,
        headers,
        signal: ending.signal,
        ...(body !== undefined && { body: new Blob(body as BlobPart[]) }),
      }),
    );
    const answered = Object.fromEntries(response.headers);
    // The length is that of the compressed body, where it was compressed, and what comes is not.
    const { "content-length": _, ...withoutLength } = answered;
    const answer = new AnswerBody(withoutLength, maxAnswerBytes);
    const reader = response.body?.getReader();
    while (reader !== undefined) {
      const { done, value } = await this.#reached(reader.read());
      if (done) break;
      if (!answer.add(value as Uint8Array)) ending.abort(tooLarge(maxAnswerBytes));
    }
    return { status: response.status, headers: answered, bytes: answer.finish() };
  }

  async #reached<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      const problem = `Cannot reach ${this.#address.url}: ${oneLine(messageOf(error))}.`;
      throw new KtsError("KTS_SERVER_UNREACHABLE", problem, {
        cause: error,
        hint: "Is the server running at that URL, and does it let pages of this origin ask it (CORS)?",
      });
    }
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

function tooLate({ method, path, timeoutMs }: TransportRequest, { url }: Address): KtsError {
  const problem = `${method} ${path} at ${url} was not answered within ${timeoutMs} ms.`;
  return new KtsError("KTS_DEADLINE_EXCEEDED", problem);
}

function tooLarge(maxBytes: number): KtsError {
  return new KtsError("KTS_SERVER_ANSWERED", `The server's answer is larger than ${maxBytes} bytes.`, {
    hint: "Ask for less at once, or raise maxAnswerBytes.",
  });
}
