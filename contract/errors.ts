/**
 * The error catalogue: every failure the product names has one entry, and here alone it becomes an HTTP status, a
 * gRPC status and an exit code. Texts of not-found and not-ready are KServe's own, since its clients match on them.
 */
export const ERROR_CATALOGUE = {
  KTS_INVALID_INPUT: { http: 400, grpc: 3, exit: 1, hint: "Correct the request as the message says." },
  KTS_BODY_TOO_LARGE: { http: 413, grpc: 8, exit: 1, hint: "Send less at once, or raise --max_body_bytes." },
  KTS_MODEL_NOT_FOUND: { http: 404, grpc: 5, exit: 1, hint: "GET /v1/models lists the models served." },
  KTS_NOT_FOUND: { http: 404, grpc: 12, exit: 1, hint: "GET /openapi.json lists the routes." },
  KTS_METHOD_NOT_ALLOWED: { http: 405, grpc: 12, exit: 1, hint: "Use a method that the Allow header names." },
  KTS_NOT_IMPLEMENTED: { http: 501, grpc: 12, exit: 1, hint: "Export the function from the predictor." },
  KTS_MODEL_NOT_READY: {
    http: 503,
    grpc: 14,
    exit: 1,
    hint: "Wait until the model is ready, then try again.",
  },
  KTS_SHUTTING_DOWN: { http: 503, grpc: 14, exit: 1, hint: "Try again; another replica will answer." },
  KTS_QUEUE_FULL: { http: 429, grpc: 8, exit: 1, hint: "Try again after Retry-After, or raise --workers." },
  KTS_DEADLINE_EXCEEDED: { http: 504, grpc: 4, exit: 1, hint: "Raise timeoutMs or --request_timeout_ms." },
  KTS_CANCELLED: {
    http: 499,
    grpc: 1,
    exit: 1,
    hint: "Raise the client's timeout, if it was not meant to leave.",
  },
  KTS_WORKER_DIED: { http: 503, grpc: 14, exit: 1, hint: "Try again; the worker is being replaced." },
  KTS_PREDICTOR_FAILED: {
    http: 500,
    grpc: 13,
    exit: 1,
    hint: "Correct the predictor; the stack is in the server's log.",
  },
  KTS_BAD_PREDICTION: {
    http: 500,
    grpc: 13,
    exit: 1,
    hint: "Correct what the predictor returns, as the message says.",
  },
  KTS_HTTP_ERROR: {
    http: 500,
    grpc: 2,
    exit: 1,
    hint: "The predictor chose this status; its message says why.",
  },
  KTS_INTERNAL: { http: 500, grpc: 13, exit: 70, hint: "This is a bug in kserve-ts; please report it." },
  KTS_USAGE: { http: 400, grpc: 3, exit: 2, hint: "Run the command with --help." },
  KTS_PREDICTOR_NOT_FOUND: {
    http: 500,
    grpc: 13,
    exit: 3,
    hint: "A folder needs a predictor.ts or a model file.",
  },
  KTS_PREDICTOR_INVALID: {
    http: 500,
    grpc: 13,
    exit: 3,
    hint: "Correct the predictor as the message says.",
  },
  KTS_CONFIG_INVALID: { http: 500, grpc: 13, exit: 2, hint: "Correct the file as the message says." },
  KTS_DEPLOY_INVALID: { http: 500, grpc: 13, exit: 2, hint: "Change the setting that the message names." },
  KTS_LOAD_FAILED: {
    http: 503,
    grpc: 14,
    exit: 4,
    hint: "Correct what load does; --verbose shows its stack.",
  },
  KTS_MODEL_FILE_INVALID: {
    http: 503,
    grpc: 14,
    exit: 4,
    hint: "Export the model again and check its size.",
  },
  KTS_MODEL_FORMAT_UNKNOWN: {
    http: 500,
    grpc: 13,
    exit: 4,
    hint: "Name the format, or export the model to one that KServe serves.",
  },
  KTS_MODEL_UNSUPPORTED: {
    http: 500,
    grpc: 13,
    exit: 4,
    hint: "Export the model to what the runtime takes, or choose another runtime.",
  },
  KTS_ENGINE_MISSING: { http: 503, grpc: 14, exit: 4, hint: "Install the engine's package." },
  KTS_WORKER_BOOT_FAILED: {
    http: 503,
    grpc: 14,
    exit: 4,
    hint: "Look for process.exit, an exception outside of load, or too little memory.",
  },
  KTS_PORT_IN_USE: { http: 500, grpc: 13, exit: 5, hint: "Choose another with --http_port." },
  KTS_SERVER_UNREACHABLE: { http: 502, grpc: 14, exit: 6, hint: "Is the server running at that URL?" },
  KTS_SERVER_ANSWERED: {
    http: 502,
    grpc: 14,
    exit: 1,
    hint: "Correct the request, or look into the server's log.",
  },
  KTS_BUILD_INPUT: { http: 500, grpc: 13, exit: 3, hint: "Correct the project as the message says." },
  KTS_BUILD_FAILED: {
    http: 500,
    grpc: 13,
    exit: 7,
    hint: "The lines of the step above say what went wrong.",
  },
  KTS_ENGINE_UNREACHABLE: {
    http: 502,
    grpc: 14,
    exit: 6,
    hint: "Start Docker; kserve-ts build --engine oci needs none.",
  },
  KTS_PROOF_FAILED: {
    http: 500,
    grpc: 13,
    exit: 8,
    hint: "Nothing was pushed. Correct the predictor and build again.",
  },
  KTS_REGISTRY_UNREACHABLE: {
    http: 502,
    grpc: 14,
    exit: 6,
    hint: "Is the registry's name right, and is it up?",
  },
  KTS_REGISTRY_DENIED: {
    http: 502,
    grpc: 7,
    exit: 9,
    hint: "Log in with docker login, or give --registry-user.",
  },
  KTS_PUSH_FAILED: { http: 502, grpc: 14, exit: 9, hint: "Push again; what has arrived is not sent twice." },
  KTS_IMAGE_NOT_FOUND: { http: 404, grpc: 5, exit: 3, hint: "Check the name and the tag." },
  KTS_CLUSTER_UNREACHABLE: {
    http: 502,
    grpc: 14,
    exit: 6,
    hint: "Is the context right, and can this machine reach its cluster?",
  },
  KTS_CLUSTER_DENIED: {
    http: 502,
    grpc: 7,
    exit: 10,
    hint: "Log in to the cluster again, or ask for the permission that the message names.",
  },
  KTS_CLUSTER_REFUSED: {
    http: 502,
    grpc: 9,
    exit: 10,
    hint: "Change what the message names; nothing was changed on the cluster.",
  },
  KTS_CLUSTER_FAILED: { http: 502, grpc: 13, exit: 10, hint: "The API server failed; try again." },
  KTS_KSERVE_MISSING: {
    http: 502,
    grpc: 9,
    exit: 10,
    hint: "Install KServe on the cluster, or choose another --context.",
  },
  KTS_SERVICE_NOT_FOUND: { http: 404, grpc: 5, exit: 3, hint: "kserve-ts list shows what is deployed." },
  KTS_ROLLOUT_FAILED: { http: 500, grpc: 9, exit: 11, hint: "Correct the cause and deploy again." },
  KTS_ROLLOUT_TIMEOUT: {
    http: 504,
    grpc: 4,
    exit: 12,
    hint: "It goes on by itself; kserve-ts describe shows how it stands. Raise --timeout to wait longer.",
  },
  KTS_STORE_UNREACHABLE: {
    http: 502,
    grpc: 14,
    exit: 6,
    hint: "Is the store's address right, and is it up?",
  },
  KTS_STORE_DENIED: { http: 502, grpc: 7, exit: 9, hint: "Check the credentials of the store." },
  KTS_STORE_NOT_FOUND: { http: 404, grpc: 5, exit: 9, hint: "Create it first, or name another --store." },
  KTS_UPLOAD_FAILED: {
    http: 502,
    grpc: 14,
    exit: 9,
    hint: "Deploy again; what has arrived is not sent twice.",
  },
  KTS_PACKAGE_MISSING: { http: 500, grpc: 9, exit: 3, hint: "Install the package that the message names." },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  /** HTTP status. */
  readonly http: number;
  /** gRPC status code (google.rpc.Code). */
  readonly grpc: number;
  /** Process exit code where the error ends a command. */
  readonly exit: number;
  /** What to do about it. */
  readonly hint: string;
}

/** A stable error code; docs and logs use it. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** What an error may carry beside its code and message. */
export interface KtsErrorOptions {
  /** The field's path in the request, such as `inputs[0].shape`. Goes in front of the message. */
  readonly path?: string;
  /** The error behind this one; logged, never sent to a client. */
  readonly cause?: unknown;
  /** Seconds after which a client may try again (the Retry-After header). */
  readonly retryAfterSeconds?: number;
  /** HTTP status in place of the catalogue's. */
  readonly status?: number;
  /** gRPC status code (google.rpc.Code) in place of the catalogue's. */
  readonly grpcStatus?: number;
  /** What to do about it, in place of the catalogue's hint. */
  readonly hint?: string;
}

const BRAND = Symbol.for("kserve-ts.error");

/**
 * The base of every error we throw on purpose: a code of the catalogue and a message for the person who reads it.
 * Recognised by brand, not by class, so that it survives two copies of the package in one process.
 */
export class KtsError extends Error {
  readonly code: ErrorCode;
  /** HTTP status of the answer. */
  readonly status: number;
  /** gRPC status of the answer (google.rpc.Code). */
  readonly grpcStatus: number;
  readonly hint: string;
  readonly path: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly [BRAND] = true;

  constructor(code: ErrorCode, message: string, options: KtsErrorOptions = {}) {
    super(options.path === undefined ? message : `${options.path}: ${message}`, { cause: options.cause });
    this.name = "KtsError";
    this.code = code;
    this.status = options.status ?? ERROR_CATALOGUE[code].http;
    this.grpcStatus = options.grpcStatus ?? ERROR_CATALOGUE[code].grpc;
    this.hint = options.hint ?? ERROR_CATALOGUE[code].hint;
    this.path = options.path;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get exitCode(): number {
    return ERROR_CATALOGUE[this.code].exit;
  }
}

/** Whether a value is an error of ours, from this copy of the package or another. */
export function isKtsError(value: unknown): value is KtsError {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/**
 * The request is wrong: answered with 400 and this message. Predictors throw it; so does the server.
 * @example throw new InvalidInput("expected an image of 28 x 28 pixels", { path: "instances[0]" })
 */
export class InvalidInput extends KtsError {
  constructor(message: string, options: KtsErrorOptions = {}) {
    super("KTS_INVALID_INPUT", message, options);
    this.name = "InvalidInput";
  }
}

/**
 * An answer with a status of the predictor's choice.
 * @example throw new HttpError(402, "the monthly quota is used up")
 */
export class HttpError extends KtsError {
  /** @param status 400 to 599 */
  constructor(status: number, message: string, options: KtsErrorOptions = {}) {
    const valid = Number.isInteger(status) && status >= 400 && status <= 599;
    super("KTS_HTTP_ERROR", message, { ...options, status: valid ? status : 500 });
    this.name = "HttpError";
  }
}

/** An unknown model, in KServe's words. */
export function modelNotFound(name: string, version?: string): KtsError {
  const which = version === undefined ? "" : ` and version ${version}`;
  return new KtsError("KTS_MODEL_NOT_FOUND", `Model with name ${name}${which} does not exist.`);
}

/** A model that cannot answer yet, in KServe's words. */
export function modelNotReady(name: string, detail?: string): KtsError {
  const why = detail === undefined ? "" : ` ${detail}`;
  return new KtsError("KTS_MODEL_NOT_READY", `Model with name ${name} is not ready.${why}`, {
    retryAfterSeconds: 1,
  });
}

/** The message of anything thrown, be it an object that cannot become a text. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return Object.prototype.toString.call(error);
  }
}

/** An error in the form that crosses a thread boundary with its code, status and stack. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly status: number;
  readonly grpcStatus: number;
  readonly hint: string;
  readonly path: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly stack: string | undefined;
}

/** Any thrown value as a record; what is not ours becomes `fallback`. */
export function toErrorRecord(error: unknown, fallback: ErrorCode): ErrorRecord {
  const known = isKtsError(error) ? error : undefined;
  const cause = known?.cause instanceof Error ? known.cause : error;
  return {
    code: known?.code ?? fallback,
    message: messageOf(error),
    status: known?.status ?? ERROR_CATALOGUE[fallback].http,
    grpcStatus: known?.grpcStatus ?? ERROR_CATALOGUE[fallback].grpc,
    hint: known?.hint ?? ERROR_CATALOGUE[fallback].hint,
    path: known?.path,
    retryAfterSeconds: known?.retryAfterSeconds,
    stack: cause instanceof Error ? cause.stack : undefined,
  };
}

/** The error a record stands for. Its stack is the original's. */
export function fromErrorRecord(record: ErrorRecord): KtsError {
  const { code, message, status, grpcStatus, hint, path, retryAfterSeconds, stack } = record;
  // The record's message has the path in front already.
  const prefix = path === undefined ? "" : `${path}: `;
  const error = new KtsError(code, message.startsWith(prefix) ? message.slice(prefix.length) : message, {
    status,
    grpcStatus,
    hint,
    ...(path !== undefined && { path }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
  if (stack !== undefined) error.stack = stack;
  return error;
}
