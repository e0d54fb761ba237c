import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from "node:http";
import {
  type Server as NetServer,
  type AddressInfo,
  type Socket,
  createServer as createNetServer,
} from "node:net";

/** A request as a test's server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A server for one test that answers as it is told. */
export interface FixedServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The requests whose bodies came to their end. */
  readonly seen: readonly SeenRequest[];
  /** Connections that were ever made. */
  readonly connections: number;
}

/** What an answer is made of. */
export interface FixedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Answers every request, once its body is there, with what the function gives: an answer, or any JSON value. */
export function answering(answer: (request: SeenRequest) => FixedAnswer): Promise<FixedServer> {
  return handling((request, res) => {
    const { status = 200, headers = { "content-type": "application/json" }, body = "" } = answer(request);
    res.writeHead(status, headers).end(body);
  });
}

/** The same answer to every request: a JSON value with status 200. */
export function answeringJson(value: unknown): Promise<FixedServer> {
  return answering(() => ({ body: JSON.stringify(value) }));
}

/** Hands every request, once its body is there, to the function. */
export function handling(handle: (request: SeenRequest, res: ServerResponse) => void): Promise<FixedServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on("data", (part: Buffer) => parts.push(part));
    req.on("end", () => {
      const request = toSeen(req, Buffer.concat(parts));
      seen.push(request);
      handle(request, res);
    });
  });
  return start(server, seen);
}

/** Hands every connection to the function, which says byte by byte what comes back. */
export function handlingSockets(handle: (socket: Socket) => void): Promise<FixedServer> {
  return start(
    createNetServer((socket) => {
      socket.on("error", () => undefined);
      handle(socket);
    }),
    [],
  );
}

function toSeen({ method = "", url = "", headers }: IncomingMessage, body: Buffer): SeenRequest {
  return { method, url, headers, body };
}

async function start(server: NetServer, seen: SeenRequest[]): Promise<FixedServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      const { promise: closed, resolve: done } = Promise.withResolvers<void>();
      server.close(() => done());
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What a call that has to fail threw. */
export async function failureOf(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error("the call did not fail");
}
