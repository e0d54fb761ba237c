import type { ServerResponse } from "node:http";
import { KtsError } from "../../contract/errors.ts";
import { BINARY_TYPE, type EncodedBody } from "../../protocol/body.ts";
import { decodeUtf8 } from "../../protocol/elements/text.ts";
import type { RawHeaders } from "./respond.ts";
import type { InferenceRoute } from "./route-match.ts";

const EVENT_TYPE = "text/event-stream";
/** Proxies that know the last header (nginx, and what is made of it) pass events on as they come. */
const HEADERS = ["Content-Type", EVENT_TYPE, "Cache-Control", "no-store", "X-Accel-Buffering", "no"];

/** Whether the answer to a request is a stream: that its route is one, or its client asks for events. */
export function isStreamed({ action }: InferenceRoute, accept: string | undefined): boolean {
  return action === undefined ? wantsEvents(accept) : action !== "generate";
}

/** Whether a client asks for a stream of events: that its Accept header names the type, and does not refuse it. */
function wantsEvents(accept: string | undefined): boolean {
  if (accept?.includes(EVENT_TYPE) !== true) return false;
  return !/text\/event-stream\s*;\s*q=0(?:\.0*)?\s*(?:,|$)/.test(accept);
}

/**
 * An answer as server-sent events: one for each of a stream's answers, each with the body that a plain answer would have
 * as its data. The head goes out with the first, so that a failure before it is a plain answer still.
 * Specification: HTML, "Server-sent events".
 */
export class EventStream {
  readonly #res: ServerResponse;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  /** Whether a failure has to be told as an event. */
  get isOpen(): boolean {
    return this.#res.headersSent;
  }

  /**
   * Sends a body as an event.
   * @param extra headers, of which those of the first event count
   * @returns what to wait for before the next; undefined: nothing
   * @throws KtsError KTS_BAD_PREDICTION for bytes that are no text
   */
  send(body: EncodedBody, extra: RawHeaders): Promise<void> | undefined {
    const res = this.#res;
    const text = eventText(body);
    if (res.destroyed) return undefined;
    if (!res.headersSent) this.#open(extra);
    return res.write(text) ? undefined : untilDrained(res);
  }

  /** Ends the stream; it may have had no event. @param last of its connection */
  end(extra: RawHeaders, last: boolean): void {
    if (!this.#res.headersSent) this.#open(extra);
    this.#finish("", last);
  }

  /** Ends the stream with a failure. @param body `{"error": "..."}` @param last of its connection */
  fail(body: string, last: boolean): void {
    this.#finish(`event: error\ndata: ${body}\n\n`, last);
  }

  /** A stream that began before the server was told to stop has promised to keep the connection. */
  #finish(text: string, last: boolean): void {
    const { socket } = this.#res;
    this.#res.end(text);
    if (last) this.#res.once("finish", () => socket?.end());
  }

  #open(extra: RawHeaders): void {
    this.#res.writeHead(200, [...HEADERS, ...extra]);
  }
}

function eventText({ contentType, head, tail }: EncodedBody): string {
  if (contentType === BINARY_TYPE) return dataLines(utf8(Buffer.concat([Buffer.from(head), ...tail])));
  const text = tail.length === 0 ? head : head + Buffer.concat(tail).toString();
  // JSON has no line breaks of its own, which saves looking for them.
  return contentType.startsWith("text/") ? dataLines(text) : `data: ${text}\n\n`;
}

/** Each line of a text is a line of data; its reader joins them again. */
function dataLines(text: string): string {
  return `data: ${text.split(/\r\n|\r|\n/).join("\ndata: ")}\n\n`;
}

function utf8(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  throw new KtsError(
    "KTS_BAD_PREDICTION",
    "an event is text, but the predictor answered bytes that are none",
    {
      hint: "Answer with text or an array, or ask without Accept: text/event-stream.",
    },
  );
}

/** Waits until the client takes more, or is gone. */
function untilDrained(res: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = () => {
    res.off("drain", settle);
    res.off("close", settle);
    resolve();
  };
  res.on("drain", settle);
  res.on("close", settle);
  return promise;
}
