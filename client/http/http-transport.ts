import { Agent as HttpAgent, type ClientRequest, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { InvalidInput, messageOf } from "../../contract/errors.ts";
import type { Address } from "../address.ts";
import type { ServerAnswer, StreamedAnswer, Transport, TransportRequest } from "../transport.ts";
import { clientClosed } from "./connection-error.ts";
import type { HttpExchange } from "./http-exchange.ts";
import { StreamedExchange } from "./streamed-exchange.ts";
import { WholeExchange } from "./whole-exchange.ts";

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
    return this.#start(WholeExchange, request).answer;
  }

  async stream(request: TransportRequest): Promise<StreamedAnswer> {
    return this.#start(StreamedExchange, request).answer;
  }

  close(): void {
    this.#closed = true;
    for (const exchange of this.#underWay) exchange.fail(clientClosed());
    this.#agent.destroy();
  }

  #start<E extends HttpExchange>(
    Exchange: new (...args: ConstructorParameters<typeof WholeExchange>) => E,
    request: TransportRequest,
  ): E {
    request.signal?.throwIfAborted();
    if (this.#closed) throw clientClosed();
    const exchange = new Exchange(this.#open(request), request, this.#address.url, this.#ended);
    this.#underWay.add(exchange);
    return exchange;
  }

  readonly #ended = (exchange: HttpExchange): void => void this.#underWay.delete(exchange);

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
