import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { ForwardedPort } from "./cluster.ts";
import { RESOURCES } from "./resources.ts";
import type { Transport } from "./transport.ts";
import { pathOf, withQuery } from "./urls.ts";
import { type Channels, openChannels } from "./websocket.ts";

/** A port of a pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  readonly doing: string;
  /** Told when a connection fails on the pod's side; the connection is ended, too. */
  readonly onProblem?: ((problem: KtsError) => void) | undefined;
}

const PROTOCOL = "v4.channel.k8s.io";
const DATA = 0;
const PROBLEM = 1;
/** Each channel begins with its port. */
const PORT_BYTES = 2;

/** A client that said it sends no more is answered until nothing came for so long: the pod cannot be told. */
const LAST_WORDS_MS = 1_000;

/** A TCP server on this machine each of whose connections is one to a pod's port. */
export async function forwardPodPort(transport: Transport, target: PodPort): Promise<ForwardedPort> {
  const ending = new AbortController();
  // The first is not for use: whether the pod is there and may be reached is known before anything is sent.
  const probe = await open(transport, target, ending.signal);
  probe.socket.terminate();

  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    // The other side's leaving at once is no failure of ours; closing follows.
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    connect(transport, target, socket, ending.signal).catch((error: unknown) => {
      socket.resetAndDestroy();
      if (!ending.signal.aborted && isKtsError(error)) target.onProblem?.(error);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    localPort: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      if (ending.signal.aborted) return;
      ending.abort();
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function open(transport: Transport, { namespace, pod, port, doing }: PodPort, signal: AbortSignal) {
  const path = withQuery(pathOf(RESOURCES.pod, namespace, pod, "portforward"), { ports: port });
  return openChannels(transport, path, [PROTOCOL], doing, signal);
}

async function connect(
  transport: Transport,
  target: PodPort,
  local: Socket,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  local.once("close", () => gone.abort());
  const channels = await open(transport, target, AbortSignal.any([signal, gone.signal]));
  const { socket } = channels;
  onPodProblem(channels, target, (problem) => {
    target.onProblem?.(problem);
    // An end would look like an answer that is whole.
    local.resetAndDestroy();
  });
  socket.once("close", () => local.end());
  answers(channels, local);
  socket.resume();
  try {
    for await (const chunk of local.iterator({ destroyOnReturn: false })) {
      await channels.send(DATA, chunk as Buffer);
    }
    await lastWords(channels);
  } catch {
    // One of both sides is gone, and so goes the other.
  }
  socket.terminate();
}

/** What the pod's side sends, at the pace of who reads it. */
function answers({ socket }: Channels, local: Socket): void {
  let skip = PORT_BYTES;
  socket.on("message", (data) => {
    const message = data as Buffer;
    if (message[0] !== DATA) return;
    const content = message.subarray(1 + skip);
    skip = Math.max(0, skip - (message.length - 1));
    if (content.length === 0 || local.write(content)) return;
    socket.pause();
    local.once("drain", () => socket.resume());
  });
}

/** What the pod's side says of a failure: that nothing listens there, or that its connection broke. */
function onPodProblem({ socket }: Channels, { doing }: PodPort, tell: (problem: KtsError) => void): void {
  let skip = PORT_BYTES;
  socket.on("message", (data) => {
    const message = data as Buffer;
    if (message[0] !== PROBLEM) return;
    const words = message
      .subarray(1 + skip)
      .toString("utf8")
      .trim();
    skip = Math.max(0, skip - (message.length - 1));
    if (words === "") return;
    const why = /connection refused/.test(words) ? "nothing listens there" : words;
    const hint = "Does the container listen on that port?";
    tell(new KtsError("KTS_CLUSTER_FAILED", `Cannot ${doing}: ${why}.`, { cause: new Error(words), hint }));
  });
}

async function lastWords({ socket }: Channels): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LAST_WORDS_MS);
    socket.on("message", () => timer.refresh());
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
