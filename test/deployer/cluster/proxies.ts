import { type IncomingHttpHeaders, createServer as createHttpServer } from "node:http";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/** A proxy of the tests on this machine. */
export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  /** What it was asked for, as `host:port`, in order. */
  readonly asked: readonly string[];
  /** The headers of the last CONNECT. */
  readonly headers: IncomingHttpHeaders;
}

/** Where a proxy leads to; undefined: it refuses. */
export type Leads = (
  host: string,
  port: number,
) => { readonly host: string; readonly port: number } | undefined;

/** A proxy that knows CONNECT. @param login what it wants to be told, as `user:password` */
export async function connectProxy(leads: Leads, login?: string): Promise<TestProxy> {
  const asked: string[] = [];
  const proxy = { headers: {} as IncomingHttpHeaders };
  const server = createHttpServer((_request, response) => response.writeHead(400).end());
  const sockets = socketsOf(server);
  server.on("connect", (request, socket: Socket, rest: Buffer) => {
    proxy.headers = request.headers;
    const { hostname, port } = new URL(`http://${request.url}`);
    asked.push(request.url ?? "");
    const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
    if (request.headers["proxy-authorization"] !== wanted) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const to = leads(hostname, Number(port === "" ? 80 : port));
    if (to === undefined) return void socket.end("HTTP/1.1 403 Forbidden by policy\r\n\r\n");
    join(socket, to, () => {
      socket.write("HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n");
      if (rest.length > 0) socket.unshift(rest);
    });
  });
  return Object.assign(proxy, { asked, ...(await listening(server, sockets)) });
}

/** A proxy that speaks SOCKS5. @param login what it wants to be told, as `user:password` */
export async function socksProxy(leads: Leads, login?: string): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    let stage: "hello" | "login" | "request" = "hello";
    const read = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (stage === "hello" && bytes.length >= 2 + (bytes[1] as number)) {
        const methods = bytes.subarray(2, 2 + (bytes[1] as number));
        bytes = bytes.subarray(2 + methods.length);
        const wanted = login === undefined ? 0 : 2;
        if (!methods.includes(wanted)) return void socket.end(Uint8Array.of(5, 255));
        socket.write(Uint8Array.of(5, wanted));
        stage = wanted === 2 ? "login" : "request";
      }
      if (stage === "login" && bytes.length >= 2) {
        const name = bytes.subarray(2, 2 + (bytes[1] as number));
        const password = bytes.subarray(
          3 + name.length,
          3 + name.length + (bytes[2 + name.length] as number),
        );
        bytes = bytes.subarray(3 + name.length + password.length);
        if (`${name}:${password}` !== login) return void socket.end(Uint8Array.of(1, 1));
        socket.write(Uint8Array.of(1, 0));
        stage = "request";
      }
      if (stage === "request" && bytes.length >= 5) {
        socket.off("data", read);
        const [, , , kind, first = 0] = bytes;
        const length = kind === 1 ? 4 : kind === 4 ? 16 : first;
        const at = kind === 3 ? 5 : 4;
        const address = bytes.subarray(at, at + length);
        const host =
          kind === 3 ? address.toString() : kind === 1 ? address.join(".") : address.toString("hex");
        const port = bytes.readUInt16BE(at + length);
        asked.push(`${host}:${port}`);
        const to = leads(host, port);
        const answer = (status: number) => Uint8Array.of(5, status, 0, 1, 0, 0, 0, 0, 0, 0);
        if (to === undefined) return void socket.end(answer(2));
        join(socket, to, () => socket.write(answer(0)));
      }
    };
    socket.on("data", read);
  });
  return { asked, headers: {}, ...(await listening(server, socketsOf(server))) };
}

function join(socket: Socket, to: { host: string; port: number }, onConnected: () => void): void {
  const other = connect(to, () => {
    onConnected();
    socket.pipe(other).pipe(socket);
  });
  const end = () => void [socket, other].forEach((one) => one.destroy());
  for (const one of [socket, other]) one.on("error", end).on("close", end);
}

function socketsOf(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  });
  return sockets;
}

async function listening(server: Server, sockets: ReadonlySet<Socket>) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
