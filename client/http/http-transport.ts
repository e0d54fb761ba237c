import { Agent as HttpAgent, type ClientRequest, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { InvalidInput, messageOf } from "../../contract/errors.ts";
import type { Address } from "../address.ts";
import type { ServerAnswer, Transport, TransportRequest } from "../transport.ts";
import { clientClosed } from "./connection-error.ts";
import { HttpExchange } from "./http-exchange.ts";

/**
 * How long an unused connection is kept: less than the 5 s after which uvicorn and Node's own server close it, since a
 * request that is sent just then is lost. Servers that say how long they keep it are believed where that is shorter.
 */
const IDLE_MS = 4_000;

/**
 * Sends requests over HTTP/1.1 by node:http. Not by fetch: that drops a Host header without a word, and it is by the
 * Host header that a cluster's ingress finds the model.
 */
export class HttpTransport implements Transport {
  readonly #address: Address;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #underWay = new Set<HttpExchange>();
  #closed = false;

  constructor(address: Address) {
    this.#address = address;
    const options = { keepAlive: true, timeout: IDLE_MS };
    this.#agent = address.secure ? new HttpsAgent(options) : new HttpAgent(options);
  }

  async send(request: TransportRequest): Promise<ServerAnswer> {
    request.signal?.throwIfAborted();
    if (this.#closed) throw clientClosed();
    const exchange = new HttpExchange(this.#open(request), request, this.#address.url);
    this.#underWay.add(exchange);
    try {
      return await exchange.answer;
    } finally {
      this.#underWay.delete(exchange);
    }
  }

  close(): void {
    this.#closed = true;
    for (const exchange of this.#underWay) exchange.fail(clientClosed());
    this.#agent.destroy();
  }

  /** @throws InvalidInput when the path or a header has characters that HTTP does not allow there */
  #open({ method, path, headers }: TransportRequest): ClientRequest {
    const { hostname, port, secure } = this.#address;
    const open = secure ? httpsRequest : httpRequest;
    try {
      return open({ agent: this.#agent, hostname, port, method, path, headers: { ...headers } });
    } catch (error) {
      throw new InvalidInput(messageOf(error), { cause: error });
    }
  }
}
