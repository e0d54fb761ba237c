import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { checkAnswer } from "./check-answer.ts";
import type { LoadRequest } from "./requests.ts";

const READ_BYTES = 65_536;
const HEAD_CHARACTERS = 2_048;
const HEAD_END = "\r\n\r\n";

/** What a connection does next, and what it reports. */
export interface LoadSource {
  /** The request to send now; undefined: the load is over. */
  next(): LoadRequest | undefined;
  /** An answer came. `problem` says what is wrong with it. */
  answered(request: LoadRequest, latencyMs: number, problem: string | undefined): void;
}

/**
 * One keep-alive connection of a closed loop: sends a request, waits for its answer, sends the next. Written for
 * speed, since a load generator that is busier than the server measures itself: requests are sent from ready-made
 * buffers, answers are read into one buffer that is used again, and only their head is looked at.
 */
export class LoadConnection implements Disposable {
  readonly #socket: Socket;
  readonly #source: LoadSource;
  readonly #done = Promise.withResolvers<void>();
  readonly #checked = new Set<LoadRequest>();
  #partial: Buffer | undefined;
  #request: LoadRequest | undefined;
  #sentAt = 0;

  private constructor(port: number, source: LoadSource) {
    this.#source = source;
    this.#socket = connect({
      host: "127.0.0.1",
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback: (length, buffer) => {
          this.#received(length, buffer as Buffer);
          return true;
        },
      },
    });
    this.#socket.on("error", (error) => this.#broken(error.message));
    this.#socket.on("close", () => this.#broken("the connection was closed"));
  }

  static async open(port: number, source: LoadSource): Promise<LoadConnection> {
    const connection = new LoadConnection(port, source);
    await once(connection.#socket, "connect");
    return connection;
  }

  /** Sends until the source has no more. Resolves when the last answer is in, or the connection broke. */
  async run(): Promise<void> {
    this.#sendNext();
    await this.#done.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #sendNext(): void {
    const request = this.#source.next();
    this.#request = request;
    if (request === undefined) return this.#done.resolve();
    this.#sentAt = performance.now();
    this.#socket.write(request.bytes);
  }

  #received(length: number, buffer: Buffer): void {
    if (this.#partial === undefined && this.#take(buffer, length)) return;
    const parts = this.#partial === undefined ? [] : [this.#partial];
    const whole = Buffer.concat([...parts, buffer.subarray(0, length)]);
    this.#partial = this.#take(whole, whole.length) ? undefined : whole;
  }

  /** Reads an answer if it is complete. */
  #take(buffer: Buffer, length: number): boolean {
    const start = buffer.toString("latin1", 0, Math.min(length, HEAD_CHARACTERS));
    const headEnd = start.indexOf(HEAD_END);
    if (headEnd === -1) return false;
    const contentLength = /\r\ncontent-length: *(\d+)/i.exec(start)?.[1];
    if (contentLength === undefined) {
      this.#broken(`an answer without Content-Length: ${start.slice(0, headEnd)}`);
      return true;
    }
    const bodyAt = headEnd + HEAD_END.length;
    if (length < bodyAt + Number(contentLength)) return false;
    this.#partial = undefined;
    this.#answered(start.slice(0, bodyAt), buffer.subarray(bodyAt, bodyAt + Number(contentLength)));
    return true;
  }

  #answered(head: string, body: Buffer): void {
    const request = this.#request;
    if (request === undefined) return;
    const latencyMs = performance.now() - this.#sentAt;
    this.#source.answered(request, latencyMs, this.#problemOf(request, head, body));
    this.#sendNext();
  }

  /** The status of every answer is checked, the contents of the first to each request. */
  #problemOf(request: LoadRequest, head: string, body: Buffer): string | undefined {
    if (Number(head.slice(9, 12)) !== request.status)
      return `answered ${head.slice(9, 12)}: ${body.toString("latin1", 0, 300)}`;
    if (request.expected === undefined || this.#checked.has(request)) return undefined;
    this.#checked.add(request);
    try {
      checkAnswer(head, body, request.expected);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  }

  #broken(problem: string): void {
    const request = this.#request;
    this.#request = undefined;
    if (request !== undefined) this.#source.answered(request, performance.now() - this.#sentAt, problem);
    this.#socket.destroy();
    this.#done.resolve();
  }
}
