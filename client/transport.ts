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

/** Carries requests to one server. */
export interface Transport {
  /**
   * Sends a request and reads the whole answer, whatever its status.
   * @throws KtsError KTS_SERVER_UNREACHABLE, KTS_DEADLINE_EXCEEDED, KTS_CANCELLED after `close`, KTS_SERVER_ANSWERED
   * for an answer that is too large; the signal's reason when it is aborted
   */
  send(request: TransportRequest): Promise<ServerAnswer>;
  /** Closes every connection; what is under way fails. */
  close(): void;
}
