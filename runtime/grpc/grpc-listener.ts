import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { listenOn } from "../listen.ts";
import type { GrpcServer } from "./grpc-server.ts";
import type { GrpcServices } from "./grpc-services.ts";

/**
 * The gRPC port. It is open from the start, and whoever has it already is known then; HTTP/2 itself is loaded when
 * the first connection comes or there is time, since a cold start is better without.
 */
export class GrpcListener {
  readonly #services: GrpcServices;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #grpc: Promise<GrpcServer> | undefined;

  constructor(services: GrpcServices) {
    this.#services = services;
    const { log } = services;
    this.#server = createServer({ noDelay: true }, (socket) => this.#take(socket));
    this.#server.on("error", (error) => {
      if (this.#server.listening) log.error(`a connection could not be accepted: ${error.message}`);
    });
  }

  /** @throws KtsError KTS_PORT_IN_USE when the port cannot be had */
  async listen(port: number, host: string): Promise<AddressInfo> {
    return listenOn(this.#server, port, host, "--grpc_port");
  }

  /** Loads what answers. */
  async load(): Promise<void> {
    await this.#loaded();
  }

  #loaded(): Promise<GrpcServer> {
    this.#grpc ??= import("./grpc-server.ts").then((module) => new module.GrpcServer(this.#services));
    return this.#grpc;
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket);
    const ignore = () => undefined;
    // Until HTTP/2 has it: a connection may be reset at once.
    socket.on("error", ignore);
    socket.once("close", () => this.#sockets.delete(socket));
    this.#loaded().then(
      (grpc) => {
        if (!socket.destroyed) grpc.take(socket);
      },
      (error: unknown) => {
        this.#services.log.error("gRPC does not load", { stack: (error as Error).stack });
        socket.destroy();
      },
    );
  }

  /** Takes no more connections, and ends those there are without losing a call within the grace period. */
  async close(gracePeriodMs: number): Promise<void> {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    const grpc = await this.#grpc?.catch(() => undefined);
    await grpc?.close(gracePeriodMs);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
