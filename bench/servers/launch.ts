import { type Socket, connect } from "node:net";
import { once } from "node:events";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import type { Core } from "./pinning.ts";
import { type Flags, type OwnServer, type ServerKind, serverArguments } from "./kinds.ts";

const LONGEST_START_MS = 30_000;
const RETRY_MS = 0.5;
const READY_REQUEST = "GET /v2/health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/** A server process that answers. */
export interface Launched extends AsyncDisposable {
  readonly child: Child;
  readonly port: number;
  /** Milliseconds from spawn to the first 200 of `/v2/health/ready`. */
  readonly startMs: number;
}

/** Where and how servers run. */
export interface LaunchOptions {
  readonly own: OwnServer;
  /** Undefined: on any core. */
  readonly core: Core | undefined;
  /** Further flags of our server. */
  readonly flags?: Flags;
}

/** Starts a server and waits until it is ready. */
export async function launch(kind: ServerKind, options: LaunchOptions): Promise<Launched> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = new Child(serverArguments(kind, port, options.own, options.flags), { core: options.core });
  try {
    while (!(await isReady(port))) {
      if (child.ended !== undefined) throw new Error(`the server ${kind} ${child.ended}`);
      if (performance.now() - startedAt > LONGEST_START_MS)
        throw new Error(`the server ${kind} does not get ready`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
  const startMs = performance.now() - startedAt;
  return { child, port, startMs, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

/** One attempt over a connection of its own: cheaper than `fetch`, whose own start would be measured. */
export async function isReady(port: number): Promise<boolean> {
  const socket: Socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write(READY_REQUEST);
    const [answer] = (await once(socket, "data")) as [Buffer];
    return answer.toString("latin1", 9, 12) === "200";
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
