import type { Address } from "../address.ts";
import type { ServerAnswer, StreamedAnswer, Transport, TransportRequest } from "../transport.ts";
import { clientClosed } from "./connection-error.ts";
import { FetchExchange } from "./fetch-exchange.ts";
import { readWhole } from "./read-whole.ts";

/** Sends requests by fetch, for browsers. */
export class FetchTransport implements Transport {
  readonly #address: Address;
  readonly #underWay = new Set<FetchExchange>();
  #closed = false;

  constructor(address: Address) {
    this.#address = address;
  }

  async send(request: TransportRequest): Promise<ServerAnswer> {
    return readWhole(await this.stream(request), request.maxAnswerBytes);
  }

  async stream(request: TransportRequest): Promise<StreamedAnswer> {
    request.signal?.throwIfAborted();
    if (this.#closed) throw clientClosed();
    const exchange = new FetchExchange(request, this.#address, (ended) => this.#underWay.delete(ended));
    this.#underWay.add(exchange);
    return exchange.open();
  }

  close(): void {
    this.#closed = true;
    for (const exchange of this.#underWay) exchange.fail(clientClosed());
  }
}
