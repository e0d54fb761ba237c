import { type Socket, isIP } from "node:net";
import { proxyError, readUntil } from "./proxy-agent.ts";

/** Numbers of SOCKS5 (RFC 1928) and of its login by password (RFC 1929). */
const VERSION = 5;
const NO_LOGIN = 0;
const BY_PASSWORD = 2;
const CONNECT = 1;
const OF_NAME = 3;
const OF_IPV4 = 1;
const OF_IPV6 = 4;

const REFUSALS: Readonly<Record<number, string>> = {
  1: "has failed",
  2: "does not allow it",
  3: "has no route to its network",
  4: "has no route to it",
  5: "says that nothing accepts connections there",
  6: "did not reach it in time",
};

/** Asks a SOCKS5 proxy for a connection; the proxy looks the host's name up. */
export async function openSocks(
  socket: Socket,
  proxy: URL,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  const user = decodeURIComponent(proxy.username);
  const methods = user === "" ? [NO_LOGIN] : [NO_LOGIN, BY_PASSWORD];
  socket.write(Uint8Array.of(VERSION, methods.length, ...methods));
  const [version, method] = await readUntil(socket, ({ length }) => (length >= 2 ? 2 : undefined));
  if (version !== VERSION) throw proxyError(proxy, "does not speak SOCKS5");
  if (method === BY_PASSWORD) await logIn(socket, proxy, user);
  else if (method !== NO_LOGIN) throw proxyError(proxy, "wants to know who asks");
  const target = Buffer.alloc(2);
  target.writeUInt16BE(port);
  socket.write(Buffer.concat([Uint8Array.of(VERSION, CONNECT, 0), addressOf(host), target]));
  const answer = await readUntil(socket, answerLength);
  if (answer[0] !== VERSION) throw proxyError(proxy, "does not speak SOCKS5");
  const status = answer[1] as number;
  if (status === 0) return;
  const why = REFUSALS[status] ?? `refuses, with ${status}`;
  throw proxyError(proxy, `was asked for ${host}:${port} and ${why}`);
}

async function logIn(socket: Socket, proxy: URL, user: string): Promise<void> {
  const name = Buffer.from(user);
  const password = Buffer.from(decodeURIComponent(proxy.password));
  socket.write(
    Buffer.concat([Uint8Array.of(1, name.length), name, Uint8Array.of(password.length), password]),
  );
  const [, status] = await readUntil(socket, ({ length }) => (length >= 2 ? 2 : undefined));
  if (status !== 0) throw proxyError(proxy, "does not know this user");
}

function addressOf(host: string): Buffer {
  const kind = isIP(host);
  if (kind === 4) return Buffer.from([OF_IPV4, ...host.split(".").map(Number)]);
  if (kind === 6) return Buffer.concat([Uint8Array.of(OF_IPV6), ipv6Bytes(host)]);
  const name = Buffer.from(host);
  return Buffer.concat([Uint8Array.of(OF_NAME, name.length), name]);
}

/** The URL parser has written the address without an IPv4 part. */
function ipv6Bytes(host: string): Buffer {
  const [head = "", tail] = host.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":").map((group) => parseInt(group, 16)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}

/** The address that the proxy connects from is of no interest, but for its length. */
function answerLength(bytes: Buffer): number | undefined {
  if (bytes.length < 5) return undefined;
  const kind = bytes[3];
  const address = kind === OF_IPV4 ? 4 : kind === OF_IPV6 ? 16 : 1 + (bytes[4] as number);
  const length = 4 + address + 2;
  return bytes.length >= length ? length : undefined;
}
