import {
  IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type Server,
  ServerResponse,
  createServer,
} from "node:http";
import type { Duplex } from "node:stream";
import type { ServerOptions } from "../options.ts";
import { type BodyPlan, type BodySink, readBody } from "./body.ts";
import type { CarriedAnswer, CarriedRequest } from "./carrier.ts";
import { type ErrorAnswer, errorBody } from "./errors.ts";
import { isLeaving } from "./leaving.ts";
import { refuseUnread, sendJson } from "./respond.ts";

/** Time for a request's head, and for the whole of it: a client that sends slower only holds a connection. */
export const HEADERS_TIMEOUT_MS = 20_000;
export const REQUEST_TIMEOUT_MS = 300_000;
const CHECK_INTERVAL_MS = 5_000;

/*
 * Classes of our own, so that Express's prototypes can be put under them once (see `adoptPrototypes`). Else Express
 * would set the prototype of each request, which made it four times slower on Node 22.
 */

/** A request of our server. */
export class ServerRequest extends IncomingMessage implements CarriedRequest {
  readBody(plan: BodyPlan, sink: BodySink): void {
    readBody(this, plan, sink);
  }
}

type AnyHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** An answer of our server. */
export class ServerAnswer extends ServerResponse<ServerRequest> implements CarriedAnswer {
  /** Every head goes through it. */
  override writeHead(status: number, reason?: string, headers?: AnyHeaders): this;
  override writeHead(status: number, headers?: AnyHeaders): this;
  override writeHead(status: number, ...rest: unknown[]): this {
    if (isLeaving(this.req.socket)) this.shouldKeepAlive = false;
    return super.writeHead(status, ...(rest as [AnyHeaders?]));
  }

  refuseUnread(answer: ErrorAnswer): void {
    refuseUnread(this.req, this, answer);
  }
}

/** The HTTP server, by its requests and answers. */
export type OwnServer = Server<typeof ServerRequest, typeof ServerAnswer>;

/** Creates the HTTP server with its limits; it does not listen yet. */
export function createHttpServer(
  options: Pick<ServerOptions, "maxHeaderBytes" | "timeoutKeepAlive">,
  handle: (req: ServerRequest, res: ServerAnswer) => void,
): OwnServer {
  const server: OwnServer = createServer({
    IncomingMessage: ServerRequest,
    ServerResponse: ServerAnswer,
    maxHeaderSize: options.maxHeaderBytes,
    keepAliveTimeout: options.timeoutKeepAlive * 1000,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    noDelay: true,
    requireHostHeader: false,
  });
  // Node would drop what is beyond a number of headers, without a word; they are limited by their bytes.
  server.maxHeadersCount = 0;
  server.on("request", handle);
  // The handler itself says "continue", once it knows that it wants the body.
  server.on("checkContinue", handle);
  server.on("checkExpectation", (_req, res: ServerAnswer) => {
    sendJson(res, 417, errorBody("Expect: the only expectation known here is 100-continue."));
  });
  server.on("clientError", answerClientError);
  return server;
}

/** Answers bytes that are no request our parser accepts. There is no response object, so it writes HTTP itself. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = clientErrorAnswer(error);
  const body = errorBody(message);
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

function clientErrorAnswer(error: NodeJS.ErrnoException): readonly [status: string, message: string] {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return [
        "431 Request Header Fields Too Large",
        "The request's headers are larger than --max_header_bytes allows.",
      ];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["408 Request Timeout", "The request took too long to arrive."];
    default:
      return ["400 Bad Request", `The request is not HTTP/1.1: ${error.message}`];
  }
}
