import { type ClientHttp2Session, type SecureClientSessionOptions, connect } from "node:http2";
import { LONGEST_TIMER_MS } from "../call-limits.ts";
import { InvalidInput, KtsError, messageOf } from "../../contract/errors.ts";
import { connectionError } from "../http/connection-error.ts";
import { repeatable } from "../repeatable.ts";
import { openingHeaders } from "./call-headers.ts";
import type { GrpcAddress } from "./grpc-address.ts";
import type { GrpcExchange } from "./grpc-exchange.ts";

/**
 * What may be on its way to us, of one call, without our having read it. That of the whole connection stays HTTP/2's own
 * 64 KiB: Node reads nothing from a connection while a write to it is under way, and a server on Node does the same, so
 * that with more on its way than sockets hold each would wait for the other to read.
 */
const STREAM_WINDOW_BYTES = 4 * 1_048_576;

/** Memory, in megabytes, that Node grants a session before it refuses streams: what is to be sent counts too. */
const MOST_SESSION_MB = 4096;

/** How a connection finds out that nobody is there any more. */
export interface KeepAlive {
  readonly keepAliveMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** One HTTP/2 session, shared by all calls. Without calls under way it does not keep the process alive. */
export class GrpcConnection {
  readonly #address: GrpcAddress;
  readonly #keepAlive: KeepAlive;
  readonly #session: ClientHttp2Session;
  readonly #exchanges = new Set<GrpcExchange>();
  #state: "connecting" | "open" | "gone" = "connecting";
  #problem: Error | undefined;
  #pings: NodeJS.Timeout | undefined;
  #pinging = false;

  /** @param servername the name that the certificate has to be for; undefined: the address's host name */
  constructor(address: GrpcAddress, servername: string | undefined, keepAlive: KeepAlive) {
    this.#address = address;
    this.#keepAlive = keepAlive;
    const { hostname, port, secure } = address;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    const options: SecureClientSessionOptions = {
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
      maxSessionMemory: MOST_SESSION_MB,
      ...(secure && servername !== undefined && { servername: servername.replace(/:\d+$/, "") }),
    };
    const session = connect(`${secure ? "https" : "http"}://${host}:${port}`, options);
    this.#session = session;
    // Not "connect": a port that takes connections need not speak HTTP/2.
    session.once("remoteSettings", () => this.#opened());
    session.on("error", (error: Error) => (this.#problem ??= error));
    session.once("close", () => this.#gone());
  }

  /** Whether a new call may go over it. */
  get usable(): boolean {
    return this.#state !== "gone" && !this.#session.closed && !this.#session.destroyed;
  }

  /** Sends a call over it, now or once it is open. */
  take(exchange: GrpcExchange): void {
    this.#exchanges.add(exchange);
    if (this.#exchanges.size === 1) this.#wake();
    exchange.onEnd = () => this.#release(exchange);
    if (this.#state === "open") this.#start(exchange);
  }

  /** Ends it at once. Calls that are under way have to be failed before. */
  destroy(): void {
    this.#session.destroy();
  }

  #opened(): void {
    this.#state = "open";
    for (const exchange of this.#exchanges) this.#start(exchange);
  }

  #start(exchange: GrpcExchange): void {
    const { method, metadata } = exchange.request;
    const { hostname, port, secure } = this.#address;
    const authority = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
    const headers = openingHeaders(method, authority, secure, metadata, exchange.leftMs);
    try {
      exchange.start(this.#session.request(headers));
    } catch (error) {
      if (!this.usable) return exchange.refused(this.#explain());
      exchange.fail(new InvalidInput(messageOf(error), { cause: error }));
    }
  }

  #wake(): void {
    this.#session.ref();
    this.#pings = setInterval(() => this.#ping(), Math.min(this.#keepAlive.keepAliveMs, LONGEST_TIMER_MS));
    this.#pings.unref();
  }

  #release(exchange: GrpcExchange): void {
    this.#exchanges.delete(exchange);
    // Maybe it is not the call that takes long: nobody may be there.
    if (exchange.expired) this.#ping();
    if (this.#exchanges.size > 0) return;
    clearInterval(this.#pings);
    if (this.#state === "connecting") return this.#session.destroy();
    if (!this.#session.destroyed) this.#session.unref();
  }

  #ping(): void {
    if (this.#pinging || this.#state !== "open" || this.#session.destroyed) return;
    this.#pinging = true;
    const { keepAliveTimeoutMs } = this.#keepAlive;
    const timer = setTimeout(() => this.#lost(), keepAliveTimeoutMs);
    timer.unref();
    this.#session.ping(() => {
      this.#pinging = false;
      clearTimeout(timer);
    });
  }

  #lost(): void {
    const problem = `${this.#address.url} does not answer any more, not even a ping within ${this.#keepAlive.keepAliveTimeoutMs} ms.`;
    this.#failAll(() => new KtsError("KTS_SERVER_UNREACHABLE", problem));
    this.#session.destroy();
  }

  /** The session has closed. Calls with a stream have heard of it by then. */
  #gone(): void {
    const wasOpen = this.#state === "open";
    this.#state = "gone";
    clearInterval(this.#pings);
    this.#failAll(() => {
      const error = this.#explain();
      return wasOpen ? error : repeatable(error);
    });
  }

  #failAll(reason: () => KtsError): void {
    for (const exchange of [...this.#exchanges]) exchange.fail(reason());
  }

  #explain(): KtsError {
    const { url } = this.#address;
    const problem = this.#problem ?? new Error("the connection was closed");
    const { code } = problem as NodeJS.ErrnoException;
    if (code !== undefined && !code.startsWith("ERR_HTTP2")) return connectionError(problem, url);
    return new KtsError(
      "KTS_SERVER_UNREACHABLE",
      `What answers at ${url} is not HTTP/2: ${problem.message}.`,
      {
        cause: problem,
        hint: "Is that the server's gRPC port, or its HTTP port? TLS is grpcs://.",
      },
    );
  }
}
