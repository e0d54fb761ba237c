import { deepestCause } from "../../contract/deepest-cause.ts";
import { KtsError, messageOf } from "../../contract/errors.ts";

/** Why there was no answer, for the codes whose own message says little. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing accepts connections there",
  ENOTFOUND: "its host name is not known",
  EAI_AGAIN: "its host name could not be looked up",
  ECONNRESET: "it closed the connection",
  EPIPE: "it closed the connection",
  ETIMEDOUT: "it does not answer in time",
  EHOSTUNREACH: "there is no way to its host",
  ENETUNREACH: "there is no way to its network",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
};

/** Codes of connections that a moment later may hold. */
const PASSING = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_STREAM_PREMATURE_CLOSE",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

const UNKNOWN_SIGNER = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)/;
const NOT_TLS = /wrong version number|packet length too long|EPROTO|ERR_SSL/;
const NOT_HTTP = /HPE_|Parse Error|HTTP request to an HTTPS server/;

/** How a store is reached, for the hints. */
export interface Endpoint {
  /** `http://localhost:7070`. */
  readonly url: string;
  /** What turns TLS off and on, for the hint. */
  readonly httpsSetting: string;
  /** What turns the certificate's check off, for the hint; undefined where nothing does. */
  readonly verifySetting?: string;
}

/** The error for a store that gave no answer; undefined where the failure is something else. */
export function networkFailure(error: unknown, endpoint: Endpoint): KtsError | undefined {
  const behind = deepestCause(error);
  const code = codeOf(behind);
  const text = messageOf(behind);
  if (UNKNOWN_SIGNER.test(code)) {
    const off =
      endpoint.verifySetting === undefined ? "" : `, or do without the check by ${endpoint.verifySetting}`;
    return unreachable(
      endpoint,
      "its certificate is signed by nobody that this machine trusts",
      error,
      `Name a file with the signer's certificate in NODE_EXTRA_CA_CERTS${off}.`,
    );
  }
  if (NOT_TLS.test(code) || NOT_TLS.test(text)) {
    const hint = `Does it speak HTTP without TLS? Then say so by ${endpoint.httpsSetting}.`;
    return unreachable(endpoint, "it does not speak TLS", error, hint);
  }
  if (NOT_HTTP.test(code) || NOT_HTTP.test(text)) {
    const hint = `Does it want HTTPS? Then say so by ${endpoint.httpsSetting}.`;
    return unreachable(endpoint, "it does not speak plain HTTP", error, hint);
  }
  if (code === "ECONNRESET" && endpoint.url.startsWith("http://")) {
    const hint = `Is it up, and does it want HTTPS? Then say so by ${endpoint.httpsSetting}.`;
    return unreachable(endpoint, "it closed the connection", error, hint);
  }
  const reason = REASONS[code] ?? (isTimeout(error) ? REASONS["ETIMEDOUT"] : undefined);
  if (reason !== undefined) return unreachable(endpoint, reason, error);
  // How fetch calls whatever kept it from an answer.
  const isUnanswered = PASSING.has(code) || (error instanceof TypeError && error.message === "fetch failed");
  return isUnanswered ? unreachable(endpoint, String(text.split("\n", 1)[0]), error) : undefined;
}

/** Whether a connection failed in a way that may pass. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(codeOf(deepestCause(error))) || isTimeout(error);
}

function unreachable(endpoint: Endpoint, reason: string, cause: unknown, hint?: string): KtsError {
  return new KtsError("KTS_STORE_UNREACHABLE", `Cannot reach the store at ${endpoint.url}: ${reason}.`, {
    cause: plainCause(cause),
    ...(hint !== undefined && { hint }),
  });
}

/** An SDK's error holds its request, and so what it was signed with: only its words go on. */
export function plainCause(error: unknown): Error {
  const plain = new Error(messageOf(error));
  if (error instanceof Error) {
    plain.name = error.name;
    if (error.stack !== undefined) plain.stack = error.stack;
  }
  return plain;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}
