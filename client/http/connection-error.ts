import { KtsError, messageOf } from "../../contract/errors.ts";
import { oneLine } from "../one-line.ts";
import type { TransportRequest } from "../transport.ts";

/** Why there was no answer, for the codes whose own message says little. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing accepts connections there",
  ENOTFOUND: "its host name is not known",
  EAI_AGAIN: "its host name could not be looked up",
};

/** The codes of a connection that was there and is not any more. */
const BROKEN = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/** The codes for a certificate whose signer Node does not know. */
const UNKNOWN_SIGNER = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/**
 * An error of node:http or of the sockets below it, as one of ours.
 * @param url of the server
 */
export function connectionError(error: Error, url: string): KtsError {
  const code = String((error as NodeJS.ErrnoException).code ?? "");
  if (BROKEN.has(code)) return brokenConnection(url, error);
  if (code.startsWith("HPE_")) {
    const problem = `What answers at ${url} is not HTTP/1.1: ${oneLine(error.message)}`;
    return new KtsError("KTS_SERVER_UNREACHABLE", problem, {
      cause: error,
      hint: "Is that the server's HTTP port, or its gRPC port?",
    });
  }
  const reason = REASONS[code] ?? oneLine(messageOf(firstOf(error)));
  return new KtsError("KTS_SERVER_UNREACHABLE", `Cannot reach ${url}: ${reason}.`, {
    cause: error,
    ...(UNKNOWN_SIGNER.has(code) && {
      hint: "Name a file with the signer's certificate in the environment variable NODE_EXTRA_CA_CERTS.",
    }),
  });
}

/** Node tries all addresses of a name, and then throws one error without a message that holds those of all. */
function firstOf(error: Error): unknown {
  return error instanceof AggregateError ? ((error.errors as unknown[])[0] ?? error) : error;
}

/** The error for a connection that ended before the answer did. */
export function brokenConnection(url: string, cause?: Error): KtsError {
  const problem = `The connection to ${url} broke before the answer was complete.`;
  return new KtsError("KTS_SERVER_UNREACHABLE", problem, {
    cause,
    hint: "The server, or a proxy in between, closed it; its log may say why.",
  });
}

/** The error for an answer above the limit. */
export function answerTooLarge(maxBytes: number): KtsError {
  return new KtsError("KTS_SERVER_ANSWERED", `The server's answer is larger than ${maxBytes} bytes.`, {
    hint: "Ask for less at once, or raise maxAnswerBytes.",
  });
}

/** The error for an answer that was not complete in time. */
export function tooLate({ method, path, timeoutMs }: TransportRequest, url: string): KtsError {
  const problem = `${method} ${path} at ${url} was not answered within ${timeoutMs} ms.`;
  return new KtsError("KTS_DEADLINE_EXCEEDED", problem);
}

/** Why a stream ended whose reader has left. Nobody is there to see it. */
export function streamLeft(): KtsError {
  return new KtsError("KTS_CANCELLED", "The stream was left before its end.");
}

/** The error of a call on a client that is closed, or that was closed meanwhile. */
export function clientClosed(): KtsError {
  return new KtsError("KTS_CANCELLED", "The client is closed.", { hint: "Make a new InferenceClient." });
}
