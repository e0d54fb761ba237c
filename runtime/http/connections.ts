import { Server as NetServer, type AddressInfo, type Socket } from "node:net";
import type { PredictorLog } from "../../contract/predictor.ts";
import { IDLE_MS, listenOn, orAfter, readArrived } from "../listen.ts";
import type { OwnServer } from "./http-server.ts";
import type { FastLane } from "./lane/fast-lane.ts";
import { askToLeave } from "./leaving.ts";

/** The connections of an HTTP server: opens the door, and closes it without losing a request. */
export class Connections {
  readonly #server: OwnServer;
  readonly #lane: FastLane | undefined;
  readonly #sockets = new Set<Socket>();
  #onEmpty: () => void = () => undefined;

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
   * Takes no more connections and waits until those there are have ended: each with its next answer, which says
   * `Connection: close`. What is left after the grace period is cut.
   */
  async close(gracePeriodMs: number): Promise<void> {
    // A connection that the kernel has taken and we have not would be reset.
    await readArrived();
    const { promise: door, resolve: shut } = Promise.withResolvers<void>();
    // Not HttpServer's own close: that cuts idle connections at once, and a request under way on one with it.
    NetServer.prototype.close.call(this.#server, () => shut());
    const closed = Promise.all([door, this.#empty()]).then(() => undefined);
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
