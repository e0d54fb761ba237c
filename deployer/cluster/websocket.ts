import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import type { Transport } from "./transport.ts";

/** So long until a WebSocket stands. */
const HANDSHAKE_MS = 15_000;
/** Something goes over a connection this often, so that nothing in between takes it for a dead one. */
const PING_MS = 20_000;
/** Beyond this many bytes that wait to be sent, the sender waits. */
const HIGH_WATER_BYTES = 1_048_576;

/** A WebSocket of the API server whose messages belong to channels: the first byte of each says which. */
export interface Channels {
  /** The protocol that the server chose. */
  readonly protocol: string;
  readonly socket: WebSocket;
  /** Sends bytes; done when more may be sent. */
  send(channel: number, bytes: Uint8Array): Promise<void>;
}

/**
 * Opens channels to a pod. They give nothing until `socket.resume()` is called.
 * @throws KtsError with the server's words when it refuses
 */
export async function openChannels(
  transport: Transport,
  path: string,
  protocols: readonly string[],
  doing: string,
  signal?: AbortSignal,
): Promise<Channels> {
  signal?.throwIfAborted();
  const [{ WebSocket: Socket }, { headers, agent, ...more }] = await Promise.all([
    import("ws"),
    transport.options(path),
  ]);
  const url = `${transport.where.server.replace(/^http/, "ws")}${path}`;
  const socket = new Socket(url, [...protocols], {
    ...more,
    ...(agent !== undefined && { agent }),
    headers: headers as Record<string, string>,
    handshakeTimeout: HANDSHAKE_MS,
    perMessageDeflate: false,
  });
  const stop = (): void => socket.terminate();
  const closed = transport.closed;
  signal?.addEventListener("abort", stop);
  closed.addEventListener("abort", stop);
  const ping = setInterval(() => {
    if (socket.readyState === Socket.OPEN) socket.ping();
  }, PING_MS);
  ping.unref();
  socket.once("close", () => {
    clearInterval(ping);
    signal?.removeEventListener("abort", stop);
    closed.removeEventListener("abort", stop);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => {
      // Messages may come in the very packet that accepts; they are held until somebody listens.
      socket.pause();
      resolve();
    });
    // Stays, for an error without a listener would end the process; whoever uses the socket is told by its closing.
    socket.on("error", (error) => reject(transport.failure(error, signal)));
    socket.once("unexpected-response", (_request, response) => {
      refusal(transport, response, doing).then(reject, reject).finally(stop);
    });
  });
  return { protocol: socket.protocol, socket, send: (channel, bytes) => send(socket, channel, bytes) };
}

async function refusal(transport: Transport, response: IncomingMessage, doing: string): Promise<Error> {
  const body = Buffer.concat((await response.toArray()) as Buffer[]).toString("utf8");
  return transport.refusal({ status: response.statusCode ?? 0, body }, doing);
}

async function send(socket: WebSocket, channel: number, bytes: Uint8Array): Promise<void> {
  const frame = Buffer.allocUnsafe(bytes.length + 1);
  frame[0] = channel;
  frame.set(bytes, 1);
  const sent = new Promise<void>((resolve, reject) => {
    socket.send(frame, (error) => (error ? reject(error) : resolve()));
  });
  // What is sent goes in order: when this one has left, so have those before it.
  if (socket.bufferedAmount > HIGH_WATER_BYTES) return sent;
  sent.catch(() => undefined);
}
