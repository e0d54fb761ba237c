import {
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  createServer,
} from "node:http2";
import type { Socket } from "node:net";
import { Deadlines } from "../deadlines.ts";
import { callersRequestId } from "../http/request-head.ts";
import { IDLE_MS, orAfter } from "../listen.ts";
import { ByteBudget } from "./byte-budget.ts";
import { type CallHandler, type CallRules, GrpcCall } from "./call.ts";
import { isGrpc } from "./call-headers.ts";
import type { GrpcServices } from "./grpc-services.ts";
import { InferCall } from "./infer-call.ts";
import { type GrpcMethod, createMethods } from "./methods.ts";
import { ReadBuffers } from "./read-buffers.ts";
import { SessionGuard } from "./session-guard.ts";
import { UNIMPLEMENTED } from "./status.ts";
import { StreamInferCall } from "./stream-infer-call.ts";
import { type EndlessCall, StreamingCall } from "./streaming-call.ts";
import { UnaryCall } from "./unary-call.ts";

/**
 * What a stream, and a connection, may send before the server has read it. The defaults (64 KB) make large messages
 * wait. That of a connection is no more than sockets take on Linux: node reads nothing from a connection while a write
 * to it is under way, so that with a client on node which has raised its own windows, and more on its way than the
 * sockets hold, each would wait for the other to read. Where sockets hold less it may still come to that; then the
 * pings of the `SessionGuard` end the connection.
 */
const STREAM_WINDOW_BYTES = 4 << 20;
const SESSION_WINDOW_BYTES = 1 << 20;
/** As many as may wait for a worker by default. */
const MOST_STREAMS = 1024;
/** Memory that messages on their way may take, over all connections. */
const MOST_BYTES_IN_FLIGHT = 512 << 20;
/** Node's own limits, which are meant for smaller messages (MB), or end a connection without the right reason. */
const MOST_SESSION_MB = 256;
const RESETS_LEFT_TO_US = 1_000_000;
/** Time for a unary call's message to arrive: a client that sends slower only holds memory. */
const UPLOAD_TIMEOUT_MS = 300_000;

/** gRPC on HTTP/2, without a port of its own: it is given connections. */
export class GrpcServer {
  readonly #services: GrpcServices;
  readonly #server: Http2Server;
  readonly #methods: ReadonlyMap<string, GrpcMethod>;
  readonly #guards = new Set<SessionGuard>();
  /** Calls that end only when one side wants it. */
  readonly #endless = new Set<EndlessCall>();
  readonly #budget = new ByteBudget(MOST_BYTES_IN_FLIGHT);
  readonly #uploads = new Deadlines(UPLOAD_TIMEOUT_MS);
  #closed: (() => void) | undefined;

  constructor(services: GrpcServices) {
    this.#services = services;
    this.#methods = createMethods(services);
    const { maxHeaderBytes } = services.options;
    this.#server = createServer({
      settings: {
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxConcurrentStreams: MOST_STREAMS,
        maxHeaderListSize: maxHeaderBytes,
        enablePush: false,
      },
      maxSessionMemory: MOST_SESSION_MB,
      streamResetBurst: RESETS_LEFT_TO_US,
      streamResetRate: RESETS_LEFT_TO_US,
    });
    this.#server.on("sessionError", () => undefined);
  }

  /** Takes a connection. */
  take(socket: Socket): void {
    this.#server.once("session", (session) => this.#opened(session, socket));
    this.#server.emit("connection", socket);
  }

  #opened(session: ServerHttp2Session, socket: Socket): void {
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    const guard = new SessionGuard(session, socket, this.#services.log);
    this.#guards.add(guard);
    session.on("close", () => {
      this.#guards.delete(guard);
      if (this.#guards.size === 0) this.#closed?.();
    });
    const rules: CallRules = {
      maxBytes: this.#services.options.grpcMaxReceiveBytes,
      budget: this.#budget,
      uploads: this.#uploads,
      wasReset: () => guard.wasReset(),
    };
    const readBuffers = new ReadBuffers();
    session.on("stream", (stream, headers) => {
      guard.wasCalled();
      readBuffers.follow(stream);
      this.#answer(stream, headers, rules);
    });
  }

  #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rules: CallRules): void {
    if (headers[":method"] !== "POST") return refuse(stream, 405, { allow: "POST" });
    if (!isGrpc(headers["content-type"])) return refuse(stream, 415, { accept: "application/grpc" });
    const method = this.#methods.get(headers[":path"] as string);
    const callersId = callersRequestId(headers);
    const own = callersId === undefined ? undefined : { "x-request-id": callersId };
    const call = new GrpcCall(stream, headers, rules, isUnary(method), own);
    call.start(this.#handlerOf(method, call, callersId));
    if (method === undefined) {
      call.finish({ code: UNIMPLEMENTED, message: `There is no method ${headers[":path"]}.` });
    }
  }

  #handlerOf(method: GrpcMethod | undefined, call: GrpcCall, callersId: string | undefined): CallHandler {
    const { log } = this.#services;
    switch (method?.kind) {
      case "infer":
        return new InferCall(this.#services, call, callersId);
      case "unary":
        return new UnaryCall(call, method.answer, log);
      case "streaming": {
        const streaming = new StreamingCall(call, method.open, log, () => this.#endless.delete(streaming));
        this.#endless.add(streaming);
        return streaming;
      }
      case "stream-infer": {
        const stream = new StreamInferCall(this.#services, call, callersId, () =>
          this.#endless.delete(stream),
        );
        this.#endless.add(stream);
        return stream;
      }
      default:
        return NOBODY;
    }
  }

  /** Ends every connection without losing a call; what is left after the grace period is cut. */
  async close(gracePeriodMs: number): Promise<void> {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#closed = resolve;
    if (this.#guards.size === 0) resolve();
    for (const guard of this.#guards) guard.announceEnd();
    await orAfter(closed, Math.min(IDLE_MS, gracePeriodMs));
    for (const call of this.#endless) call.serverStops();
    for (const guard of this.#guards) guard.end();
    await orAfter(closed, gracePeriodMs);
    for (const guard of this.#guards) guard.cut();
    await closed;
    this.#uploads[Symbol.dispose]();
  }
}

function isUnary(method: GrpcMethod | undefined): boolean {
  return method?.kind !== "streaming" && method?.kind !== "stream-infer";
}

/** Answers what is no gRPC as HTTP has it. */
function refuse(stream: ServerHttp2Stream, status: number, headers: Readonly<Record<string, string>>): void {
  stream.on("error", () => undefined);
  stream.respond({ ":status": status, "content-type": "text/plain", ...headers });
  stream.end("This port speaks gRPC: POST, with the content type application/grpc.\n");
  stream.resume();
}

/** Of a call whose method there is not. */
const NOBODY: CallHandler = {
  received: () => undefined,
  halfClosed: () => undefined,
  failed: () => undefined,
  expiredAfter: () => undefined,
  closed: () => undefined,
};
