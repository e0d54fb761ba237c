import { answerTooLarge } from "../http/connection-error.ts";

/** A server-sent event. */
export interface ServerEvent {
  /** `message` where the server does not say. */
  readonly type: string;
  /** Its lines of data, joined by line feeds. */
  readonly data: string;
}

/**
 * Reads server-sent events from bytes, however these are cut. Fields that are of use only to who connects again, `id`
 * and `retry`, are passed over.
 * Specification: HTML, "Server-sent events", "Interpreting an event stream".
 */
export class EventParser {
  readonly #maxLength: number;
  /** Takes the byte order mark away, and keeps half a character until the rest comes. */
  readonly #decoder = new TextDecoder();
  /** The line that has not ended yet. */
  #line = "";
  #type = "";
  #data: string | undefined;
  /** What came last was CR: an LF now belongs to it. */
  #afterCr = false;

  /** @param maxLength characters an event may have; one that has more is an error ahead of its end */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** Whether there is data of an event that has not ended. The specification has it thrown away. */
  get within(): boolean {
    return this.#data !== undefined || this.#line.startsWith("data");
  }

  /**
   * Takes the next bytes.
   * @returns the events that end in them
   * @throws KtsError KTS_SERVER_ANSWERED when an event is too large
   */
  push(chunk: Uint8Array): ServerEvent[] {
    const text = this.#decoder.decode(chunk, { stream: true });
    const events: ServerEvent[] = [];
    if (text === "") return events;
    let from = this.#afterCr && text.startsWith("\n") ? 1 : 0;
    this.#afterCr = text.endsWith("\r");
    const lineEnd = /\r\n?|\n/g;
    lineEnd.lastIndex = from;
    for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
      const line = this.#line + text.slice(from, end.index);
      this.#line = "";
      from = lineEnd.lastIndex;
      if (line !== "") this.#takeField(line);
      else this.#endEvent(events);
    }
    this.#line += text.slice(from);
    this.#check();
    return events;
  }

  #takeField(line: string): void {
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
    if (name === "event") this.#type = value;
    if (name !== "data") return;
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    this.#check();
  }

  #endEvent(events: ServerEvent[]): void {
    if (this.#data !== undefined) events.push({ type: this.#type || "message", data: this.#data });
    this.#type = "";
    this.#data = undefined;
  }

  #check(): void {
    if (this.#line.length + (this.#data?.length ?? 0) > this.#maxLength)
      throw answerTooLarge(this.#maxLength);
  }
}
