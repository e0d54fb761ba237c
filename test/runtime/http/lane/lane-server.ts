import diagnostics from "node:diagnostics_channel";
import { type Socket, connect } from "node:net";
import { RawClient } from "../raw-client.ts";

/** Counts the requests that node:http reads in this process: those of the fast lane are not among them. */
export function countNodeRequests(): Disposable & { readonly count: number } {
  let count = 0;
  const listener = () => void count++;
  diagnostics.subscribe("http.server.request.start", listener);
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => void diagnostics.unsubscribe("http.server.request.start", listener),
  };
}

/** Sends pieces one by one, says that no more will come, and returns all that comes back until the other side closes. */
export async function converse(port: number, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket: Socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = "";
  socket.setEncoding("latin1").on("data", (text: string) => (received += text));
  socket.on("error", () => undefined);
  socket.on("end", () => socket.destroy());
  socket.on("close", () => resolve());
  for (const piece of pieces) {
    const written = Promise.withResolvers<void>();
    socket.write(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece, () => written.resolve());
    await written.promise;
  }
  socket.end();
  await promise;
  return received;
}

/** What came back, without what differs from one moment to the next. */
export function timeless(received: string): string {
  return received.replaceAll(/^(Date|ce-id|ce-time): .*$/gm, "$1: now");
}

/** Sends a request, and when it is answered, more; returns what came back after that first answer. */
export async function converseAfter(
  port: number,
  first: Buffer,
  ...pieces: readonly (string | Buffer)[]
): Promise<string> {
  using client = await RawClient.connect(port);
  await client.send(first);
  await client.answer();
  for (const piece of pieces) {
    if (piece.length > 0) await client.send(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
  }
  client.end();
  return client.closed();
}
