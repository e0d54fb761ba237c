import type { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { type Socket, connect, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { messageOf } from "../../contract/errors.ts";
import { shownProxy } from "./proxy.ts";
import { openSocks } from "./socks.ts";

/** Not imported: that makes each of its exports, undici's among them. */
const http = process.getBuiltinModule("node:http");

/** So long until a connection to the server stands, the proxy's and TLS included. */
const CONNECT_MS = 15_000;

/** Beyond this many bytes an answer to CONNECT is none. */
const MOST_HEAD_BYTES = 16_384;

/** What a connection is asked for with, as node:http gives it on. */
type Wanted = ConnectionOptions;

type OnConnection = (error: Error | null, socket?: Duplex) => void;

/** A server behind a proxy. */
interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * An agent whose connections to an API server go through a proxy: by HTTP's CONNECT, or SOCKS5. They are kept as without
 * one.
 * @param isTls whether the server speaks TLS, whatever the proxy does
 */
export function proxyAgent(proxy: URL, isTls: boolean): HttpAgent {
  const agent: HttpAgent = new (isTls ? HttpsAgent : http.Agent)({ keepAlive: true, scheduling: "lifo" });
  const createConnection = (wanted: Wanted, onConnection: OnConnection): undefined => {
    connectThrough(proxy, isTls, wanted).then(
      (socket) => onConnection(null, socket),
      (error: Error) => onConnection(error),
    );
  };
  return Object.assign(agent, { createConnection });
}

async function connectThrough(proxy: URL, isTls: boolean, wanted: Wanted): Promise<Socket> {
  const host = (wanted.host ?? "localhost").replace(/^\[|\]$/g, "");
  const target: Target = { host, port: Number(wanted.port ?? (isTls ? 443 : 80)) };
  const socket = connectToProxy(proxy);
  const late = () => socket.destroy(proxyError(proxy, "does not connect in time"));
  const timer = setTimeout(late, CONNECT_MS);
  try {
    const proxied = await reachProxy(socket, proxy);
    if (proxy.protocol.startsWith("socks5")) await openSocks(proxied, proxy, target);
    else await openTunnel(proxied, proxy, target);
    return isTls ? await secure(proxied, host, wanted) : proxied;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function reachProxy(socket: Socket, proxy: URL): Promise<Socket> {
  try {
    await standing(socket, "connect");
    return proxy.protocol === "https:" ? await secure(socket, proxy.hostname, {}) : socket;
  } catch (error) {
    // Else it would be taken for the server that does not answer.
    throw isProxyError(error) ? error : proxyError(proxy, `is not reached: ${messageOf(error)}`);
  }
}

async function secure(socket: Socket, host: string, options: ConnectionOptions): Promise<Socket> {
  const { servername = host, ca, cert, key, rejectUnauthorized } = options;
  const secured = connectTls({
    socket,
    host,
    // TLS names no addresses; the certificate is checked for it all the same.
    ...(isIP(servername) === 0 && servername !== "" && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...{ ca, cert, key },
    ALPNProtocols: ["http/1.1"],
  });
  await standing(secured, "secureConnect");
  return secured;
}

function connectToProxy({ hostname, port, protocol }: URL): Socket {
  const usual = protocol === "https:" ? 443 : protocol === "http:" ? 80 : 1080;
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? usual : Number(port),
  });
  socket.setNoDelay(true);
  return socket;
}

/** Waits for an event of a socket. @throws what it ends with before */
async function standing(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = () => reject(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }));
  socket.once(event, resolve).once("error", reject).once("close", onClose);
  try {
    await promise;
  } finally {
    socket.off(event, resolve).off("error", reject).off("close", onClose);
    // Somebody listens from now on; a socket that breaks off in between must not end the process.
    socket.on("error", () => undefined);
  }
}

/** Asks an HTTP proxy for a tunnel. */
async function openTunnel(socket: Socket, proxy: URL, { host, port }: Target): Promise<void> {
  const name = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const { username, password } = proxy;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const login =
    username === "" ? "" : `Proxy-Authorization: Basic ${Buffer.from(user).toString("base64")}\r\n`;
  socket.write(`CONNECT ${name} HTTP/1.1\r\nHost: ${name}\r\n${login}\r\n`);
  const head = await readUntil(socket, (bytes) => {
    const end = bytes.indexOf("\r\n\r\n");
    if (end === -1 && bytes.length > MOST_HEAD_BYTES) throw proxyError(proxy, "does not speak HTTP");
    return end === -1 ? undefined : end + 4;
  });
  const [, status, words = ""] = /^HTTP\/1\.\d (\d{3}) ?([^\r\n]*)/.exec(head.toString("latin1")) ?? [];
  if (status === undefined) throw proxyError(proxy, "does not speak HTTP");
  if (status === "407") throw proxyError(proxy, "wants to know who asks, or does not know this user");
  if (!status.startsWith("2"))
    throw proxyError(proxy, `refuses to connect to ${name}: ${status} ${words}`.trimEnd());
}

/**
 * Reads from a socket until an answer is whole; what comes after it stays in the socket.
 * @param wholeAt the length of the answer; undefined: it is not whole yet
 */
export async function readUntil(
  socket: Socket,
  wholeAt: (bytes: Buffer) => number | undefined,
): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) {
      bytes = Buffer.concat([bytes, chunk]);
      const length = wholeAt(bytes);
      if (length === undefined) continue;
      if (length < bytes.length) socket.unshift(bytes.subarray(length));
      return bytes.subarray(0, length);
    }
    await more(socket);
  }
}

async function more(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onEnd = () =>
    reject(Object.assign(new Error("the proxy closed the connection"), { code: PROXY_CODE }));
  socket.once("readable", resolve).once("error", reject).once("end", onEnd).once("close", onEnd);
  try {
    await promise;
  } finally {
    socket.off("readable", resolve).off("error", reject).off("end", onEnd).off("close", onEnd);
  }
}

const PROXY_CODE = "EPROXY";

/** What a proxy does not do, with its name. */
export function proxyError(proxy: URL, problem: string): Error {
  return Object.assign(new Error(`the proxy ${shownProxy(proxy)} ${problem}`), { code: PROXY_CODE });
}

function isProxyError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === PROXY_CODE;
}
