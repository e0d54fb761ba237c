import { type ErrorCode, type KtsError, InvalidInput, isKtsError } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";

/** A failure as it goes over HTTP. */
export interface ErrorAnswer {
  readonly status: number;
  /** The body: `{"error": "..."}`. */
  readonly body: string;
  /** Further headers as alternating names and values: Retry-After where the error has it. */
  readonly headers: readonly string[];
}

const NO_HEADERS: readonly string[] = [];
const HIDDEN = "The server failed; its log says why.";

/**
 * Any thrown value as an answer: the one place where a failure becomes status, body and headers.
 * The message of an error that is not ours is hidden, since it may hold what a client must not see.
 */
export function toErrorAnswer(error: unknown): ErrorAnswer {
  const known = isKtsError(error) ? error : fromFramework(error);
  if (known === undefined) return { status: 500, body: errorBody(HIDDEN), headers: NO_HEADERS };
  return { status: known.status, body: errorBody(known.message), headers: retryAfter(known) };
}

/** KServe's error body: its clients read the text of `error`. */
export function errorBody(message: string): string {
  return JSON.stringify({ error: message });
}

function retryAfter(error: KtsError): readonly string[] {
  if (error.retryAfterSeconds === undefined) return NO_HEADERS;
  return ["Retry-After", String(Math.max(1, Math.ceil(error.retryAfterSeconds)))];
}

/** Express marks a request it cannot read (a malformed escape in the path) with a status of its own. */
function fromFramework(error: unknown): KtsError | undefined {
  if (!(error instanceof Error)) return undefined;
  const status = (error as { status?: unknown }).status;
  if (typeof status !== "number" || status < 400 || status > 499) return undefined;
  return new InvalidInput(error.message, { status });
}

/** Statuses of 500 and more that are no failure: what was asked is not there, or not now. */
const EXPECTED: ReadonlySet<string> = new Set<ErrorCode>([
  "KTS_NOT_IMPLEMENTED",
  "KTS_MODEL_NOT_READY",
  "KTS_SHUTTING_DOWN",
]);

/** Logs a failed request: the server's own failures with their stack, a client's mistakes and what is expected at debug. */
export function logFailure(
  log: PredictorLog,
  error: unknown,
  answer: ErrorAnswer,
  fields: Readonly<Record<string, unknown>>,
): void {
  if (answer.status < 500 || (isKtsError(error) && EXPECTED.has(error.code))) {
    log.debug(`answered ${answer.status}: ${answer.body}`, fields);
    return;
  }
  const cause = isKtsError(error) && error.cause instanceof Error ? error.cause : error;
  log.error(cause instanceof Error ? cause.message : String(cause), {
    ...fields,
    status: answer.status,
    ...(isKtsError(error) && { code: error.code }),
    stack: cause instanceof Error ? cause.stack : undefined,
  });
}
