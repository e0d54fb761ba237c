import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  connect,
} from "node:http2";
import { type EventEmitter, once } from "node:events";

/** What came over a stream, byte by byte. */
export interface RawAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The code of RST_STREAM; 0 where the stream ended as it should. */
  readonly rstCode: number;
}

/** A connection on which a test says every header and byte itself. */
export class RawConnection implements AsyncDisposable {
  readonly session: ClientHttp2Session;
  /** The code of the GOAWAY that came last. */
  goaway: number | undefined;
  goawayText = "";

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on("error", () => undefined);
    session.on("goaway", (code: number, _last: number, data?: Buffer) => {
      this.goaway = code;
      if (data !== undefined) this.goawayText = String(data);
    });
  }

  static async open(port: number | undefined): Promise<RawConnection> {
    const session = connect(`http://127.0.0.1:${port}`);
    const connection = new RawConnection(session);
    await once(session, "remoteSettings");
    return connection;
  }

  /** Opens a stream; headers that are undefined are left out. */
  open(path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const all: OutgoingHttpHeaders = {
      ":method": "POST",
      ":path": path,
      te: "trailers",
      "content-type": "application/grpc",
      ...headers,
    };
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
    const stream = this.session.request(all);
    stream.on("error", () => undefined);
    return stream;
  }

  /** Sends parts one after the other, each on its own, and waits for the answer. */
  async call(path: string, parts: readonly Uint8Array[], headers?: OutgoingHttpHeaders): Promise<RawAnswer> {
    const stream = this.open(path, headers);
    const answer = answerOf(stream);
    for (const part of parts) {
      if (stream.destroyed) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      stream.write(part, () => resolve());
      await promise;
    }
    stream.end();
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.session.destroyed) return;
    const closed = eventOf(this.session, "close");
    this.session.destroy();
    await closed;
  }
}

/** Everything that comes until a stream closes. */
export async function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on("response", (received) => (headers = received));
  stream.on("trailers", (received) => (trailers = received));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.on("close", () => resolve());
  await promise;
  return { headers, trailers, body: Buffer.concat(chunks), rstCode: stream.rstCode ?? 0 };
}

/** A message with its prefix. */
export function frame(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Waits for an event, and unlike `once` of node:events does not mind errors. */
export async function eventOf(emitter: EventEmitter, name: string): Promise<readonly unknown[]> {
  const { promise, resolve } = Promise.withResolvers<readonly unknown[]>();
  emitter.once(name, (...values: unknown[]) => resolve(values));
  return promise;
}

/** The status of an answer, wherever it is. */
export function statusOf({ headers, trailers }: RawAnswer): readonly [code: number, message: string] {
  const from = headers["grpc-status"] === undefined ? trailers : headers;
  return [Number(from["grpc-status"]), decodeURIComponent(String(from["grpc-message"] ?? ""))];
}
