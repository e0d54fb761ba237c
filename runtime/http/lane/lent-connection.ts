import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * A connection as node:http sees it that is lent it for one request without a body: a probe, metadata, metrics. So a
 * client that asks for these between its inference requests does not lose the lane.
 */
export class LentConnection extends Duplex {
  readonly #socket: Socket;
  #bytes: Buffer | undefined;
  readonly #onReturn: (() => void) | undefined;
  #isReturned = false;

  /**
   * @param bytes of the request; there are no others
   * @param onReturn the request is answered, and the connection kept; without it they are the last of the connection
   */
  constructor(socket: Socket, bytes: Buffer, onReturn?: () => void) {
    super();
    this.#socket = socket;
    this.#bytes = bytes;
    this.#onReturn = onReturn;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  /** The answer is out. Where it was the last of its connection, that ends. */
  giveBack(): void {
    if (this.#onReturn === undefined || this.#isReturned || this.writableEnded || this.destroyed) return;
    this.#isReturned = true;
    this.destroy();
    this.#onReturn();
  }

  override _read(): void {
    const bytes = this.#bytes;
    this.#bytes = undefined;
    if (bytes !== undefined) this.push(bytes);
    else if (this.#onReturn === undefined) this.push(null);
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isReturned) this.#socket.destroySoon();
    done(error);
  }
}
