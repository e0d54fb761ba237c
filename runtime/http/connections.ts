import { Server as NetServer, type AddressInfo, type Socket } from "node:net";
import type { PredictorLog } from "../../contract/predictor.ts";
import { IDLE_MS, listenOn, orAfter, readArrived } from "../listen.ts";
import type { OwnServer } from "./http-server.ts";
import type { FastLane } from "./lane/fast-lane.ts";
import { askToLeave } from "./leaving.ts";

/** Looks at the kernel's queue without a new connection, before the port is closed; and looks at most. */
const QUIET_ROUNDS = 3;
const MOST_ROUNDS = 50;

/** The connections of an HTTP server: opens the door, and closes it without losing a request. */
export class Connections {
  readonly #server: OwnServer;
  readonly #lane: FastLane | undefined;
  readonly #sockets = new Set<Socket>();
  /** How many connections were taken so far. */
  #taken = 0;
  #onEmpty: () => void = () => undefined;
  /** Resolves when no more connections are taken and none is left of the server's own; undefined as long as they are. */
  #door: Promise<void> | undefined;

  /** @param lane in front of the server, if there is one */
  constructor(server: OwnServer, log: PredictorLog, lane?: FastLane) {
    this.#server = server;
    this.#lane = lane;
    // Such as too many open files: the connections there are go on, and new ones may come later.
    server.on("error", (error) => {
      if (server.listening) log.error(`a connection could not be accepted: ${error.message}`);
    });
    server.on("connection", (accepted: Socket) => {
      const socket = lane === undefined ? accepted : lane.accept(accepted);
      this.#sockets.add(socket);
      this.#taken += 1;
      socket.once("close", () => {
        this.#sockets.delete(socket);
        if (this.#sockets.size === 0) this.#onEmpty();
      });
    });
  }

  /** @throws KtsError KTS_PORT_IN_USE when the port cannot be had */
  async listen(port: number, host: string): Promise<AddressInfo> {
    return listenOn(this.#server, port, host, "--http_port");
  }

  /**
   * Has the next answer on each connection that there is now be its last, so that its client takes another one, which
   * leads to another server. Who comes back has no other yet, and keeps the connection.
   */
  askToLeave(): void {
    for (const socket of this.#sockets) askToLeave(socket);
    this.#lane?.askToLeave();
  }

  /**
   * Takes no more connections. Those that there are go on, and are not told yet: a client that leaves comes back at
   * once, and one that the kernel has taken for us when the port closes would be reset.
   */
  async shut(): Promise<void> {
    if (this.#door !== undefined) return;
    await this.#untilNobodyComes();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#door = promise;
    // Not HttpServer's own close: that cuts idle connections at once, and a request under way on one with it.
    NetServer.prototype.close.call(this.#server, () => resolve());
  }

  /**
   * Takes no more connections and waits until those there are have ended: each with its next answer, which says
   * `Connection: close`. What is left after the grace period is cut.
   */
  async close(gracePeriodMs: number): Promise<void> {
    await this.shut();
    const closed = Promise.all([this.#door, this.#empty()]).then(() => undefined);
    await orAfter(closed, Math.min(IDLE_MS, gracePeriodMs));
    await readArrived();
    this.#lane?.closeIdle();
    this.#server.closeIdleConnections();
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    await orAfter(closed, gracePeriodMs);
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#release();
  }

  /** Who was asked to leave a moment ago may just be coming back. */
  async #untilNobodyComes(): Promise<void> {
    for (let round = 0, quiet = 0; round < MOST_ROUNDS && quiet < QUIET_ROUNDS; round++) {
      const before = this.#taken;
      await readArrived();
      quiet = this.#taken === before ? quiet + 1 : 0;
    }
  }

  /** Resolves when there is no connection: the server does not count those that the lane reads. */
  #empty(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    if (this.#sockets.size === 0) resolve();
    return promise;
  }

  /** Cuts every connection. */
  async cut(): Promise<void> {
    await this.close(0);
  }

  /** Ends the timer that checks for slow clients; the connections are gone. */
  #release(): void {
    this.#lane?.[Symbol.dispose]();
    this.#server.close(() => undefined);
  }
}
