import type { Socket } from "node:net";
import type { Deadlines } from "../../deadlines.ts";
import type { HotHead } from "./hot-head.ts";
import type { LaneAnswer } from "./lane-answer.ts";
import type { LaneConnection } from "./lane-connection.ts";
import type { LaneRequest } from "./lane-request.ts";
import type { LentConnection } from "./lent-connection.ts";

/** What the connections of a server share. */
export interface LaneRules {
  /** For a request's head, for all of it, and for the next to begin. */
  readonly heads: Deadlines;
  readonly bodies: Deadlines;
  readonly idle: Deadlines;
  readonly maxBodyBytes: number;
  /** The headers of an answer whose connection is kept. */
  readonly keepAlive: string;
  /** Answers a request. */
  start(head: HotHead, request: LaneRequest, answer: LaneAnswer): void;
  /**
   * The head at the start of some bytes. @returns "partial" where it has not come whole, "other" where it is not to be
   * read here, the bytes of a head whose request has no body
   */
  read(bytes: Buffer): HotHead | Buffer | "partial" | "other";
  /**
   * Lends the connection to node:http for a request.
   * @param onReturn it is answered, and the connection is kept. Undefined: the client sends no more
   */
  lend(socket: Socket, bytes: Buffer, onReturn?: () => void): LentConnection;
  /** Gives the connection to node:http, for the rest of its life. */
  handOver(connection: LaneConnection): void;
  /** The connection is gone. */
  gone(connection: LaneConnection): void;
}
