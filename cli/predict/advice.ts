import { KtsError, isKtsError } from "../../contract/errors.ts";

/** An error of the client's with advice for the person at the command line, where that differs from a program's. */
export function withAdvice(error: unknown): unknown {
  if (!isKtsError(error)) return error;
  const hint = adviceFor(error);
  if (hint === undefined) return error;
  return new KtsError(error.code, error.message, { status: error.status, cause: error, hint });
}

function adviceFor({ code, status, retryAfterSeconds }: KtsError): string | undefined {
  if (code === "KTS_DEADLINE_EXCEEDED") return "Wait longer with --timeout-ms.";
  if (code !== "KTS_SERVER_ANSWERED") return undefined;
  if (status === 401 || status === 403) return "Give what it asks for with --header 'Authorization: ...'.";
  if (status === 404) return "Check --url, --model and --protocol.";
  if (status === 429 || status === 503) {
    return retryAfterSeconds === undefined ? "Try again later." : `Try again in ${retryAfterSeconds} s.`;
  }
  if (status < 500) return "Correct the request.";
  // 502 is also what the client says of an answer that it cannot read, with advice of its own.
  return status === 502 ? undefined : "The server's log may say more.";
}
