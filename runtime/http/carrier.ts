import type { IncomingHttpHeaders } from "node:http";
import type { BodyPlan, BodySink } from "./body.ts";
import type { ErrorAnswer } from "./errors.ts";

/** A request as an `Exchange` reads it, whatever read it from the connection: node:http, or the fast lane. */
export interface CarriedRequest {
  /** As node:http gives them: names in lower case. They are handed to the predictor, and so belong to this request. */
  readonly headers: IncomingHttpHeaders;
  /** The request target: path and query. */
  readonly url?: string | undefined;
  readonly httpVersion: string;
  /** The body is there whole. */
  readonly complete: boolean;
  /** Reads the body. At most once; where it is not called, whatever carries the request sees to the body. */
  readBody(plan: BodyPlan, sink: BodySink): void;
}

/** Where answers are written: what node:http's ServerResponse has of it, and the fast lane too. */
export interface AnswerWriter {
  /** @param headers alternating names and values */
  writeHead(status: number, headers: string[]): unknown;
  write(part: string | Uint8Array): unknown;
  /** What is written from now on goes out together, with `end`. */
  cork(): void;
  end(): unknown;
  end(part: string | Uint8Array): unknown;
  end(text: string, encoding: "latin1"): unknown;
}

/** An answer as an `Exchange` gives it. */
export interface CarriedAnswer extends AnswerWriter {
  /** Nobody is there to read it, or it is out. */
  readonly destroyed: boolean;
  /** Nothing looks any more at the memory that was written. */
  readonly closed: boolean;
  /** "close": the answer is out, or the connection is gone. Once. */
  on(event: "close", listener: () => void): unknown;
  /** Says "100 Continue". Not there where no request waits for it. */
  writeContinue?(): void;
  /** Answers before the body is read. Not there where that is no different from any other answer. */
  refuseUnread?(answer: ErrorAnswer): void;
}
