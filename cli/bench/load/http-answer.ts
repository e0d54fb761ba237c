const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const MOST_HEAD_BYTES = 65_536;
/** Of a body, so many bytes are kept: what a failure says is in there. */
const KEPT_BYTES = 512;

/** An answer that is complete. */
export interface HttpAnswer {
  readonly status: number;
  /** The connection takes another request. */
  readonly isKept: boolean;
  /** The start of the body. */
  readonly text: string;
}

type State = "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailers" | "until-close";

/**
 * Reads one answer of HTTP/1.1 after the other from a connection's bytes, for a load generator: only what tells whether it
 * was right, and where it ends, is looked at.
 */
export class HttpAnswerReader {
  #state: State = "head";
  #held: Buffer | undefined;
  #left = 0;
  #status = 0;
  #isKept = true;
  #kept: Buffer[] = [];
  #keptBytes = 0;

  /** Begins with the next answer. */
  reset(): void {
    this.#state = "head";
    this.#held = undefined;
    this.#kept = [];
    this.#keptBytes = 0;
  }

  /**
   * Takes the next bytes.
   * @returns the answer, once it is complete
   * @throws Error when it is no HTTP/1.1 answer
   */
  push(chunk: Buffer): HttpAnswer | undefined {
    let bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    for (;;) {
      const used = this.#step(bytes);
      if (used === "complete") return this.#complete();
      if (used === 0) {
        // The buffer that sockets are read into is used again.
        if (bytes.length > 0) this.#held = Buffer.from(bytes);
        return undefined;
      }
      bytes = bytes.subarray(used);
    }
  }

  /** The connection has ended. @returns the answer, where that is how it ends */
  end(): HttpAnswer | undefined {
    return this.#state === "until-close" ? this.#complete() : undefined;
  }

  #complete(): HttpAnswer {
    const text = Buffer.concat(this.#kept).toString("utf8");
    const answer = { status: this.#status, isKept: this.#isKept && this.#state !== "until-close", text };
    this.reset();
    return answer;
  }

  /** @returns how many bytes were used; 0: more are needed */
  #step(bytes: Buffer): number | "complete" {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes);
      case "length":
      case "chunk":
        return this.#readBody(bytes);
      case "chunk-size":
        return this.#readChunkSize(bytes);
      case "chunk-end":
        if (bytes.length < LINE_END.length) return 0;
        this.#state = "chunk-size";
        return LINE_END.length;
      case "trailers": {
        const end = bytes.indexOf(LINE_END);
        if (end === -1) return 0;
        return end === 0 ? "complete" : end + LINE_END.length;
      }
      case "until-close":
        this.#keep(bytes);
        return bytes.length;
    }
  }

  #readHead(bytes: Buffer): number | "complete" {
    const end = bytes.indexOf(HEAD_END);
    if (end === -1 && bytes.length > MOST_HEAD_BYTES) throw new Error("the answer's head has no end");
    if (end === -1) return 0;
    const head = bytes.toString("latin1", 0, end + LINE_END.length);
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (status === undefined) throw new Error(`no HTTP/1.1 answer: ${head.slice(0, 80)}`);
    const used = end + HEAD_END.length;
    this.#status = Number(status);
    if (this.#status < 200) return used;
    this.#isKept = !/\r\nconnection: *close/i.test(head) && head.startsWith("HTTP/1.1");
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = "chunk-size";
    else if (this.#status === 204 || this.#status === 304 || length === "0") return "complete";
    else if (length === undefined) this.#state = "until-close";
    else this.#state = "length";
    this.#left = Number(length ?? 0);
    return used;
  }

  #readBody(bytes: Buffer): number | "complete" {
    const used = Math.min(this.#left, bytes.length);
    if (used > 0) this.#keep(bytes.subarray(0, used));
    this.#left -= used;
    if (this.#left > 0) return used;
    if (this.#state === "length") return "complete";
    this.#state = "chunk-end";
    return used;
  }

  #readChunkSize(bytes: Buffer): number {
    const end = bytes.indexOf(LINE_END);
    if (end === -1) return 0;
    const size = parseInt(bytes.toString("latin1", 0, end), 16);
    if (!Number.isSafeInteger(size)) throw new Error("the answer's chunk has no size");
    this.#left = size;
    this.#state = size === 0 ? "trailers" : "chunk";
    return end + LINE_END.length;
  }

  #keep(bytes: Buffer): void {
    if (this.#status < 300 || this.#keptBytes >= KEPT_BYTES) return;
    const part = Buffer.from(bytes.subarray(0, KEPT_BYTES - this.#keptBytes));
    this.#kept.push(part);
    this.#keptBytes += part.length;
  }
}
