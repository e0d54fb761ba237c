import {
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  createServer,
} from "node:http2";
import type { AddressInfo } from "node:net";

/** A call as a test's server saw it. */
export interface SeenCall {
  readonly stream: ServerHttp2Stream;
  readonly headers: Readonly<Record<string, string>>;
  /** All bytes of the request, the message's prefix included. */
  readonly body: Buffer;
}

/** A server for one test that speaks HTTP/2 and answers as it is told. */
export interface FixedGrpcServer extends AsyncDisposable {
  readonly address: string;
  /** The calls whose requests came to their end. */
  readonly calls: readonly SeenCall[];
  /** The sessions that were ever there. */
  readonly sessions: readonly ServerHttp2Session[];
}

/** Hands every call, once its request is there, to the function. */
export async function handlingCalls(
  handle: (call: SeenCall, index: number) => void,
  port = 0,
): Promise<FixedGrpcServer> {
  const calls: SeenCall[] = [];
  const sessions: ServerHttp2Session[] = [];
  const server = createServer();
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => undefined);
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => {
      const call = { stream, headers: headers as Record<string, string>, body: Buffer.concat(parts) };
      calls.push(call);
      handle(call, calls.length - 1);
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", resolve);
  await promise;
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    sessions,
    async [Symbol.asyncDispose]() {
      const { promise: closed, resolve: done } = Promise.withResolvers<void>();
      server.close(() => done());
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

/** A message with its prefix. */
export function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Answers a call with bytes, and trailers that say OK unless told otherwise. */
export function answer(
  { stream }: SeenCall,
  body: Uint8Array,
  { headers = {}, trailers = {} }: { headers?: OutgoingHttpHeaders; trailers?: OutgoingHttpHeaders } = {},
): void {
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", ...trailers }));
  stream.respond(
    { ":status": 200, "content-type": "application/grpc", ...headers },
    { waitForTrailers: true },
  );
  stream.end(body);
}

/** Ends a call with nothing but a status. */
export function refuse({ stream }: SeenCall, headers: OutgoingHttpHeaders): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc", ...headers }, { endStream: true });
}

/** ServerLiveResponse { live: true }, with its prefix. */
export const LIVE = framed(Uint8Array.of(8, 1));
