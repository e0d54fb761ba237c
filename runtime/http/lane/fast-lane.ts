import type { Socket } from "node:net";
import { Deadlines } from "../../deadlines.ts";
import { Exchange } from "../exchange.ts";
import { HEADERS_TIMEOUT_MS, type OwnServer, REQUEST_TIMEOUT_MS } from "../http-server.ts";
import type { InferenceServices } from "../inference-services.ts";
import { askToLeave, isLeaving } from "../leaving.ts";
import { type HeadLimits, type HotHead, headEnd, readHotHead } from "./hot-head.ts";
import type { LaneAnswer } from "./lane-answer.ts";
import { LaneConnection } from "./lane-connection.ts";
import type { LaneRequest } from "./lane-request.ts";
import type { LaneRules } from "./lane-rules.ts";
import { LentConnection } from "./lent-connection.ts";
import { mayBecomeStrict } from "./strict-head.ts";

/** A head that comes in pieces is read here up to this length, and by node:http above it. */
const MOST_HEAD_BYTES = 65_536;
/** As node:http has it: what a client that keeps the time it was told needs for its request to arrive. */
const KEEP_ALIVE_SLACK_MS = 1_000;

type ServeConnection = (this: OwnServer, socket: Socket) => void;

/**
 * Stands in front of node:http and answers the inference requests that look like nearly all of them do: a POST of known
 * length, its head as clients write it. node:http's objects take most of the time of a small request, and half of that
 * of a large one. It is lent the connection for a GET or HEAD as plain as that; with every other request, and whatever is
 * in doubt, it gets the connection with all bytes that have not been answered, and keeps it.
 */
export class FastLane implements LaneRules {
  readonly heads: Deadlines;
  readonly bodies: Deadlines;
  readonly idle: Deadlines;
  readonly maxBodyBytes: number;
  readonly keepAlive: string;
  readonly #services: InferenceServices;
  readonly #server: OwnServer;
  readonly #serve: ServeConnection;
  readonly #limits: HeadLimits;
  readonly #connections = new Set<LaneConnection>();

  /**
   * @param server whose connections are taken from now on: by `accept`
   * @param timeouts for a request's head, and for all of it
   */
  constructor(
    services: InferenceServices,
    server: OwnServer,
    timeouts = { headMs: HEADERS_TIMEOUT_MS, requestMs: REQUEST_TIMEOUT_MS },
  ) {
    const { maxHeaderBytes, maxBodyBytes, timeoutKeepAlive } = services.options;
    this.#services = services;
    this.#server = server;
    this.#limits = { maxHeadBytes: Math.min(maxHeaderBytes, MOST_HEAD_BYTES), maxBodyBytes };
    this.maxBodyBytes = maxBodyBytes;
    this.keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${timeoutKeepAlive}\r\n`;
    this.heads = new Deadlines(timeouts.headMs);
    this.bodies = new Deadlines(timeouts.requestMs);
    this.idle = new Deadlines(timeoutKeepAlive * 1000 + KEEP_ALIVE_SLACK_MS);
    const [serve] = server.listeners("connection");
    this.#serve = serve as ServeConnection;
    server.removeAllListeners("connection");
    server.prependListener("request", (req, res) => {
      const connection: unknown = req.socket;
      if (connection instanceof LentConnection) res.once("close", () => connection.giveBack());
    });
  }

  /** Takes a connection. @returns the socket to know it by from now on */
  accept(accepted: Socket): Socket {
    const connection = new LaneConnection(accepted, this);
    this.#connections.add(connection);
    return connection.socket;
  }

  /** Has the next answer on each connection that there is now be its last. */
  askToLeave(): void {
    for (const connection of this.#connections) connection.isLeaving = true;
  }

  /** Ends the connections that are between two requests. */
  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.socket.destroy();
  }

  start(head: HotHead, request: LaneRequest, answer: LaneAnswer): void {
    new Exchange(this.#services, request, answer, head.route).start();
  }

  read(bytes: Buffer): HotHead | Buffer | "partial" | "other" {
    const end = headEnd(bytes.subarray(0, this.#limits.maxHeadBytes));
    if (end !== -1) {
      const whole = bytes.subarray(0, end);
      const head = readHotHead(whole, this.#limits);
      return head === "bodiless" ? whole : (head ?? "other");
    }
    return bytes.length < this.#limits.maxHeadBytes && mayBecomeStrict(bytes) ? "partial" : "other";
  }

  lend(socket: Socket, bytes: Buffer, onReturn?: () => void): LentConnection {
    const lent = new LentConnection(socket, bytes, onReturn);
    if (isLeaving(socket)) askToLeave(lent);
    // What node:http needs of a connection any Duplex has.
    this.#serve.call(this.#server, lent as unknown as Socket);
    return lent;
  }

  handOver(connection: LaneConnection): void {
    this.#connections.delete(connection);
    this.#serve.call(this.#server, connection.socket);
  }

  gone(connection: LaneConnection): void {
    this.#connections.delete(connection);
  }

  [Symbol.dispose](): void {
    for (const clock of [this.heads, this.bodies, this.idle]) clock[Symbol.dispose]();
  }
}
