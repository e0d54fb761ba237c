import { clientClosed } from "../http/connection-error.ts";
import type { GrpcAddress } from "./grpc-address.ts";
import { GrpcConnection, type KeepAlive } from "./grpc-connection.ts";
import type { Carrier, GrpcExchange } from "./grpc-exchange.ts";
import type { GrpcRequest } from "./grpc-request.ts";
import { StreamExchange } from "./stream-exchange.ts";
import { UnaryExchange } from "./unary-exchange.ts";

/** Carries calls to one server, over one connection that is made when it is needed. */
export class GrpcTransport {
  readonly #address: GrpcAddress;
  readonly #servername: string | undefined;
  readonly #keepAlive: KeepAlive;
  readonly #underWay = new Set<GrpcExchange>();
  readonly #carrier: Carrier = {
    sendAgain: (exchange) => this.#dispatch(exchange),
    ended: (exchange) => void this.#underWay.delete(exchange),
  };
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
    return this.#start(UnaryExchange, request).answer;
  }

  /**
   * Makes a call and gives its answer's messages as they come, once there is one or it is known that there is none. The
   * deadline and the signal hold until the last; leaving the loop ends the call.
   * @throws as `send`, and so do the messages
   */
  async stream(request: GrpcRequest): Promise<AsyncIterable<Uint8Array>> {
    const exchange = this.#start(StreamExchange, request);
    await exchange.begun;
    return exchange.messages();
  }

  close(): void {
    this.#closed = true;
    for (const exchange of this.#underWay) exchange.fail(clientClosed());
    this.#connection?.destroy();
  }

  #start<E extends GrpcExchange>(
    Exchange: new (...args: ConstructorParameters<typeof UnaryExchange>) => E,
    request: GrpcRequest,
  ): E {
    request.signal?.throwIfAborted();
    if (this.#closed) throw clientClosed();
    const exchange = new Exchange(request, this.#address.url, this.#carrier);
    this.#underWay.add(exchange);
    this.#dispatch(exchange);
    return exchange;
  }

  #dispatch(exchange: GrpcExchange): void {
    exchange.onEnd();
    if (this.#connection?.usable !== true) {
      this.#connection = new GrpcConnection(this.#address, this.#servername, this.#keepAlive);
    }
    this.#connection.take(exchange);
  }
}
