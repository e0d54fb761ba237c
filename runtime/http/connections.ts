import type { Server as HttpServer } from "node:http";
import { Server as NetServer, type AddressInfo, type Socket } from "node:net";
import type { PredictorLog } from "../../contract/predictor.ts";
import { IDLE_MS, listenOn, orAfter } from "../listen.ts";

/** The connections of an HTTP server: opens the door, and closes it without losing a request. */
export class Connections {
  readonly #server: HttpServer;
  readonly #sockets = new Set<Socket>();

  constructor(server: HttpServer, log: PredictorLog) {
    this.#server = server;
    // Such as too many open files: the connections there are go on, and new ones may come later.
    server.on("error", (error) => {
      if (server.listening) log.error(`a connection could not be accepted: ${error.message}`);
    });
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** @throws KtsError KTS_PORT_IN_USE when the port cannot be had */
  async listen(port: number, host: string): Promise<AddressInfo> {
    return listenOn(this.#server, port, host, "--http_port");
  }

  /**
   * Takes no more connections and waits until those there are have ended: each with its next answer, which says
   * `Connection: close`. What is left after the grace period is cut.
   */
  async close(gracePeriodMs: number): Promise<void> {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    // Not HttpServer's own close: that cuts idle connections at once, and a request under way on one with it.
    NetServer.prototype.close.call(this.#server, () => resolve());
    await orAfter(closed, Math.min(IDLE_MS, gracePeriodMs));
    this.#server.closeIdleConnections();
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    await orAfter(closed, gracePeriodMs);
    this.#server.closeAllConnections();
    await closed;
    this.#release();
  }

  /** Cuts every connection. */
  async cut(): Promise<void> {
    await this.close(0);
  }

  /** Ends the timer that checks for slow clients; the connections are gone. */
  #release(): void {
    this.#server.close(() => undefined);
  }
}
