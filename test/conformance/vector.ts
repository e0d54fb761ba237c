/** The models a server must have for the vectors; each vector says which it needs. */
export type VectorModel =
  "iris-onnx" | "digits-onnx" | "dtypes-onnx" | "multi-io-onnx" | "strings-onnx" | "echo" | "counter";

/** One exchange: a request, what has to be answered, and why. */
export interface Vector {
  /** A sentence that goes on after "a server". */
  readonly name: string;
  /** Who depends on it, or what goes wrong without it. */
  readonly why: string;
  /** The clause of the specification, or the behaviour of the KServe Python server. */
  readonly spec: string;
  readonly needs: readonly VectorModel[];
  readonly request: VectorRequest;
  readonly response: VectorResponse;
}

/** A request. At most one of body, text, base64 and binary. */
export interface VectorRequest {
  readonly method: string;
  readonly path: string;
  /** `null` leaves out a header that would be sent otherwise. */
  readonly headers?: Readonly<Record<string, string | Repeated | null>>;
  readonly body?: unknown;
  /** The body as it is: what JSON.stringify would not write, such as integers beyond 2^53. */
  readonly text?: string | readonly (string | Repeated)[];
  readonly base64?: string;
  /** V2's binary extension: JSON, then raw tensors. */
  readonly binary?: { readonly json: unknown; readonly tensors: readonly string[] };
  readonly encoding?: "gzip" | "deflate";
}

/** Text that is too long to be spelled out. */
export interface Repeated {
  readonly repeat: string;
  readonly times: number;
}

/** What has to be answered; whatever is absent does not matter. */
export interface VectorResponse {
  readonly status: number | readonly number[];
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Matches the parsed JSON body. See `match.ts`. */
  readonly body?: unknown;
  /** Matches the body as text. */
  readonly text?: unknown;
  /** Matches the server-sent events: each `{"event", "data"}`, its data as JSON where it is that. */
  readonly events?: unknown;
  /** Matches an answer with binary tensors: its JSON, and the raw bytes of each output. */
  readonly binary?: { readonly json: unknown; readonly tensors: readonly string[] };
}
