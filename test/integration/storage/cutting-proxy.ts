import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";

/** A way to a server that can be cut. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** Bytes that clients have sent through it. */
  readonly sentBytes: number;
  /** Cuts every connection once so many more bytes have been sent. */
  cutAfter(bytes: number): void;
  /** How often connections were cut. */
  readonly cuts: number;
  /** Changes what the server answers; both are Latin-1. */
  rewriteAnswers(rewrite: (text: string) => string): void;
}

/** A TCP proxy in front of a server of this machine. */
export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let sentBytes = 0;
  let cutAt = Infinity;
  let cuts = 0;
  let rewrite: ((text: string) => string) | undefined;
  const cut = (): void => {
    cutAt = Infinity;
    cuts += 1;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        (socket === client ? upstream : client).destroy();
      });
    }
    client.on("data", (bytes) => {
      sentBytes += bytes.length;
      if (sentBytes >= cutAt) cut();
      else if (!upstream.write(bytes)) {
        client.pause();
        upstream.once("drain", () => client.resume());
      }
    });
    upstream.on("data", (bytes) => {
      client.write(rewrite === undefined ? bytes : Buffer.from(rewrite(bytes.toString("latin1")), "latin1"));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    get sentBytes() {
      return sentBytes;
    },
    get cuts() {
      return cuts;
    },
    cutAfter: (bytes) => (cutAt = sentBytes + bytes),
    rewriteAnswers: (by) => (rewrite = by),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
