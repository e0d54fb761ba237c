import { type ServerHttp2Session, constants } from "node:http2";
import type { Socket } from "node:net";
import type { PredictorLog } from "../../contract/predictor.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Streams a client may reset before their answer: what it costs to open one is ours, to reset it next to nothing. */
const RESET_BURST = 1000;
const RESETS_PER_SECOND = 100;

/**
 * Pings a client may send between two calls. Those that go with calls are free: Go's and C's clients measure the
 * connection with one each round trip. gRPC's own servers allow far fewer, so that no client comes near.
 */
const PING_BURST = 100;
const PINGS_PER_SECOND = 5;

/** How often a connection is asked whether somebody is still there, and how long the answer may take. */
const KEEP_ALIVE_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 20_000;

/**
 * GOAWAY with no error and the largest stream id there is: open no more streams, but those that are on their way are
 * still taken (RFC 9113, 6.8). By hand, since nghttp2 refuses new streams after any GOAWAY that Node can send.
 */
const ANNOUNCEMENT = Buffer.from("0000080700000000007fffffff00000000", "hex");

/** One connection: notices a peer that is gone or a nuisance, and ends it without losing a call. */
export class SessionGuard {
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #log: PredictorLog;
  readonly #resets = new TokenBucket(RESET_BURST, RESETS_PER_SECOND);
  readonly #pings = new TokenBucket(PING_BURST, PINGS_PER_SECOND);
  readonly #keepAlive: NodeJS.Timeout;
  #calledSincePing = false;

  /** @param socket the session's own: what a session shows is a proxy that cannot be written to */
  constructor(session: ServerHttp2Session, socket: Socket, log: PredictorLog) {
    this.#session = session;
    this.#socket = socket;
    this.#log = log;
    session.on("error", (error) => log.debug(`a gRPC connection failed: ${error.message}`));
    session.on("ping", () => {
      if (!this.#calledSincePing && !this.#pings.take()) this.#stop("too_many_pings");
      this.#calledSincePing = false;
    });
    this.#keepAlive = setInterval(() => this.#askWhetherThere(), KEEP_ALIVE_MS);
    this.#keepAlive.unref();
    session.on("close", () => clearInterval(this.#keepAlive));
  }

  /** The client has called. */
  wasCalled(): void {
    this.#calledSincePing = true;
  }

  /** A client reset a stream that had no answer. */
  wasReset(): void {
    if (!this.#resets.take()) this.#stop("too_many_resets");
  }

  /** Ends a connection whose client does not behave, and tells it why. */
  #stop(reason: string): void {
    const session = this.#session;
    if (session.destroyed) return;
    this.#log.warn(`a gRPC connection is closed: ${reason}`, { peer: session.socket?.remoteAddress });
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from(reason));
    session.destroy(constants.NGHTTP2_ENHANCE_YOUR_CALM as unknown as Error);
  }

  #askWhetherThere(): void {
    const session = this.#session;
    if (session.destroyed) return;
    const timer = setTimeout(() => session.destroy(), KEEP_ALIVE_TIMEOUT_MS);
    timer.unref();
    session.ping(() => clearTimeout(timer));
  }

  /** Asks the client to send new calls elsewhere. Those it has sent already are still taken. */
  announceEnd(): void {
    // Writes of a session are whole frames, so there is room between them. SETTINGS has to be the first.
    const { destroyed, pendingSettingsAck } = this.#session;
    if (!destroyed && !pendingSettingsAck && this.#socket.writable) this.#socket.write(ANNOUNCEMENT);
  }

  /** Takes no more calls, and closes once those there are have ended. */
  end(): void {
    if (!this.#session.destroyed) this.#session.close();
  }

  cut(): void {
    this.#session.destroy();
  }
}
