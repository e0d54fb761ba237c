import { clientClosed } from "../http/connection-error.ts";
import type { GrpcAddress } from "./grpc-address.ts";
import { GrpcConnection, type KeepAlive } from "./grpc-connection.ts";
import { GrpcExchange } from "./grpc-exchange.ts";
import type { GrpcRequest } from "./grpc-request.ts";

/** Carries unary calls to one server, over one connection that is made when it is needed. */
export class GrpcTransport {
  readonly #address: GrpcAddress;
  readonly #servername: string | undefined;
  readonly #keepAlive: KeepAlive;
  readonly #underWay = new Set<GrpcExchange>();
  #connection: GrpcConnection | undefined;
  #closed = false;

  /** @param servername see {@link GrpcConnection} */
  constructor(address: GrpcAddress, servername: string | undefined, keepAlive: KeepAlive) {
    this.#address = address;
    this.#servername = servername;
    this.#keepAlive = keepAlive;
  }

  /**
   * Makes a call and gives its answer's message.
   * @throws KtsError KTS_SERVER_UNREACHABLE, KTS_SERVER_ANSWERED, KTS_DEADLINE_EXCEEDED, KTS_CANCELLED after `close`;
   * InvalidInput; the signal's reason when it is aborted
   */
  async send(request: GrpcRequest): Promise<Uint8Array> {
    request.signal?.throwIfAborted();
    if (this.#closed) throw clientClosed();
    const exchange = new GrpcExchange(request, this.#address.url, (again) => this.#dispatch(again));
    this.#underWay.add(exchange);
    try {
      this.#dispatch(exchange);
      return await exchange.answer;
    } finally {
      this.#underWay.delete(exchange);
    }
  }

  close(): void {
    this.#closed = true;
    for (const exchange of this.#underWay) exchange.fail(clientClosed());
    this.#connection?.destroy();
  }

  #dispatch(exchange: GrpcExchange): void {
    exchange.onEnd();
    if (this.#connection?.usable !== true) {
      this.#connection = new GrpcConnection(this.#address, this.#servername, this.#keepAlive);
    }
    this.#connection.take(exchange);
  }
}
