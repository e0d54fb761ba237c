import type { Server as HttpServer } from "node:http";
import { Server as NetServer, type AddressInfo, type Socket } from "node:net";
import { KtsError } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";

/**
 * How long an idle connection is kept once no new ones are taken. A client that has just sent a request on it would
 * else lose it; one whose connection is not used for this long is most likely not about to.
 */
const IDLE_MS = 250;

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
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const refuse = (error: NodeJS.ErrnoException) => reject(listenError(error, port, host));
    this.#server.once("error", refuse);
    this.#server.listen(port, host, resolve);
    await promise;
    this.#server.off("error", refuse);
    return this.#server.address() as AddressInfo;
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

async function orAfter(done: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([done, promise]);
  clearTimeout(timer);
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): KtsError {
  const where = `port ${port} on ${host}`;
  switch (error.code) {
    case "EADDRINUSE":
      return new KtsError(
        "KTS_PORT_IN_USE",
        `${where} is in use by another program; choose another with --http_port.`,
        {
          cause: error,
        },
      );
    case "EACCES":
      return new KtsError(
        "KTS_PORT_IN_USE",
        `${where} needs privileges; choose one above 1023 with --http_port.`,
        {
          cause: error,
        },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new KtsError(
        "KTS_PORT_IN_USE",
        `${host} is not an address of this machine; choose another with --host.`,
        {
          cause: error,
          hint: "Choose another with --host.",
        },
      );
    default:
      return new KtsError("KTS_PORT_IN_USE", `cannot listen on ${where}: ${error.message}`, { cause: error });
  }
}
