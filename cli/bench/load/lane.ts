/** A request that went wrong. */
export interface Failure {
  /** An HTTP status (`429`, `503`, `504`), `timeout`, `connection`, or `unanswered` at the end of a step. */
  readonly kind: string;
  /** What the server said, or why there is no answer; on one line. */
  readonly message: string;
}

/** Called once when a request has ended; without a failure where the right answer came. */
export type Done = (failure: Failure | undefined) => void;

/** A request, ready to be sent as often as wanted. */
export interface LoadRequest {
  /** The example's name. */
  readonly name: string;
  readonly bodyBytes: number;
}

/** What carries one request at a time: a connection, or a call's place on one. */
export interface Lane<Request extends LoadRequest = LoadRequest> {
  send(request: Request, done: Done): void;
  /** Gives the request up that is under way, for the reason given; what comes of it later is not told. */
  abandon(failure: Failure): void;
  close(): void;
}

const MOST_CHARACTERS = 300;

/** Somebody else's text as a failure's message. */
export function shortMessage(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS)}...`;
}
