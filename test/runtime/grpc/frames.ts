import { type Socket, connect } from "node:net";
import { eventOf } from "./raw-call.ts";

/** A frame of HTTP/2 as it came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const DATA = 0;
export const HEADERS = 1;
export const SETTINGS = 4;
export const GOAWAY = 7;

const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;

/** A client that sends what no client should: frames by hand, after whatever the server said. */
export class FrameClient implements Disposable {
  readonly frames: Frame[] = [];
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => this.#take(chunk));
  }

  static async open(port: number | undefined): Promise<FrameClient> {
    const socket = connect(port ?? 0, "127.0.0.1");
    await eventOf(socket, "connect");
    const client = new FrameClient(socket);
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.send(SETTINGS, 0, 0, Buffer.alloc(0));
    await client.next(SETTINGS);
    client.send(SETTINGS, ACK, 0, Buffer.alloc(0));
    return client;
  }

  send(type: number, flags: number, stream: number, payload: Uint8Array): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  /** Sends a whole gRPC call. */
  call(stream: number, path: string, message: Uint8Array): void {
    const headers = {
      ":method": "POST",
      ":scheme": "http",
      ":path": path,
      ":authority": "test",
      te: "trailers",
      "content-type": "application/grpc",
    };
    this.send(HEADERS, END_HEADERS, stream, Buffer.concat(Object.entries(headers).map(literal)));
    this.send(DATA, END_STREAM, stream, message);
  }

  /** The next frame of a type, from those that came already on. */
  async next(type: number, stream = 0): Promise<Frame> {
    for (;;) {
      const index = this.frames.findIndex((frame) => frame.type === type && frame.stream === stream);
      const [found] = index === -1 ? [] : this.frames.splice(index, 1);
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      const [type = 0, flags = 0] = [this.#rest[3], this.#rest[4]];
      const stream = this.#rest.readUInt32BE(5);
      this.frames.push({ type, flags, stream, payload: this.#rest.subarray(9, end) });
      this.#rest = this.#rest.subarray(end);
    }
    this.#wake?.();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** A header as HPACK writes it without a table and without compression; names and values below 127 bytes. */
function literal([name, value]: [string, string]): Buffer {
  return Buffer.concat([
    Buffer.of(0, name.length),
    Buffer.from(name),
    Buffer.of(value.length),
    Buffer.from(value),
  ]);
}
