/** HttpHeaders by name. Names are in any case where a request gives them, in lower case where an answer has them. */
export type HttpHeaders = Readonly<Record<string, string>>;

/** A request, free of the way it is sent. */
export interface TransportRequest {
  readonly method: "GET" | "POST";
  /** The path behind the server's address, ready to be sent: escaped, with the base URL's prefix. */
  readonly path: string;
  /** Names in lower case. The transport adds the body's length. */
  readonly headers: HttpHeaders;
  /** The parts of the body, in order; texts are sent as UTF-8. Undefined: no body. */
  readonly body: readonly (string | Uint8Array)[] | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly maxAnswerBytes: number;
}

/** A server's answer as it came. */
export interface ServerAnswer {
  readonly status: number;
  /** Names in lower case; values of a repeated header joined with commas. */
  readonly headers: HttpHeaders;
  readonly bytes: Uint8Array;
}

/** An answer whose body is read as it comes. */
export interface StreamedAnswer {
  readonly status: number;
  /** As {@link ServerAnswer.headers}. */
  readonly headers: HttpHeaders;
  /**
   * The body's bytes, to be read once. No more is taken from the connection than is asked for. Throws what `send` does:
   * the deadline and the signal hold until the last byte.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the exchange, unless it has ended: the server sees the client leave. To be called by whoever stops reading. */
  cancel(): void;
}

/** Carries requests to one server. */
export interface Transport {
  /**
   * Sends a request and reads the whole answer, whatever its status.
   * @throws KtsError KTS_SERVER_UNREACHABLE, KTS_DEADLINE_EXCEEDED, KTS_CANCELLED after `close`, KTS_SERVER_ANSWERED
   * for an answer that is too large; the signal's reason when it is aborted
   */
  send(request: TransportRequest): Promise<ServerAnswer>;
  /**
   * Sends a request and gives its answer once the head is there, whatever its status. `maxAnswerBytes` is for the reader
   * to see to.
   * @throws as `send`
   */
  stream(request: TransportRequest): Promise<StreamedAnswer>;
  /** Closes every connection; what is under way fails. */
  close(): void;
}
