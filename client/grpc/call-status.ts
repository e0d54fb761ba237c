import type { IncomingHttpHeaders } from "node:http2";
import { KtsError } from "../../contract/errors.ts";
import { oneLine } from "../one-line.ts";
import { unavailable } from "../repeatable.ts";
import { ServerAnswered } from "../server-error.ts";

const OK = 0;
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

/** The status codes by name, each with the HTTP status that says the same. */
const STATUSES: readonly (readonly [name: string, http: number])[] = [
  ["OK", 200],
  ["CANCELLED", 499],
  ["UNKNOWN", 500],
  ["INVALID_ARGUMENT", 400],
  ["DEADLINE_EXCEEDED", 504],
  ["NOT_FOUND", 404],
  ["ALREADY_EXISTS", 409],
  ["PERMISSION_DENIED", 403],
  ["RESOURCE_EXHAUSTED", 429],
  ["FAILED_PRECONDITION", 400],
  ["ABORTED", 409],
  ["OUT_OF_RANGE", 400],
  ["UNIMPLEMENTED", 501],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DATA_LOSS", 500],
  ["UNAUTHENTICATED", 401],
];

/** Whether the headers hold a call's status: trailers do, and the only headers of a call that failed at once. */
export function hasStatus(headers: IncomingHttpHeaders): boolean {
  return headers["grpc-status"] !== undefined;
}

/**
 * The error that a call's trailers stand for; undefined with OK.
 * @param answered an answer came before them: then the call must not be made again
 * @returns ServerAnswered, or KtsError KTS_DEADLINE_EXCEEDED: who noticed first that it passed is of no matter
 */
export function statusError(trailers: IncomingHttpHeaders, answered: boolean): KtsError | undefined {
  const code = Number(trailers["grpc-status"]);
  if (code === OK) return undefined;
  const [name, status] = STATUSES[code] ?? [`status ${String(trailers["grpc-status"])}`, 500];
  const said = oneLine(decodeStatusMessage(String(trailers["grpc-message"] ?? "")));
  const message = `The server answered ${name}${said === "" ? " without a message." : `: ${said}`}`;
  const pushback = trailers["grpc-retry-pushback-ms"];
  const options = {
    status,
    grpcStatus: STATUSES[code] === undefined ? UNKNOWN : code,
    ...(!answered && /^\d{1,9}$/.test(String(pushback)) && { retryAfterSeconds: Number(pushback) / 1000 }),
  };
  if (code === DEADLINE_EXCEEDED) return new KtsError("KTS_DEADLINE_EXCEEDED", message, options);
  const error = new ServerAnswered(message, said, options);
  // Pushback that is no count says "not at all" (gRFC A6).
  const mayComeBack = pushback === undefined || error.retryAfterSeconds !== undefined;
  return code === UNAVAILABLE && mayComeBack && !answered ? unavailable(error) : error;
}

/** The codes for HTTP statuses of proxies that know no gRPC (gRPC, "HTTP to gRPC Status Code Mapping"). */
const CODE_OF_HTTP: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

/** The error for an answer that is no gRPC: undefined when it is. */
export function foreignAnswer(headers: IncomingHttpHeaders): KtsError | undefined {
  const status = Number(headers[":status"]);
  const contentType = String(headers["content-type"] ?? "");
  if (status === 200 && /^application\/grpc(?:$|[+;])/i.test(contentType)) return undefined;
  const problem =
    status === 200
      ? `The server's answer is no gRPC: its content-type is ${JSON.stringify(contentType)}.`
      : `The server answered HTTP status ${status}, and no gRPC.`;
  return new KtsError("KTS_SERVER_ANSWERED", problem, {
    status: status === 200 ? 502 : status,
    grpcStatus: CODE_OF_HTTP[status] ?? UNKNOWN,
    hint: "Is that the server's gRPC port, and does the proxy in between let gRPC through?",
  });
}

/** Undoes the percent-encoding of a header grpc-message. What is not encoded right is shown as it came. */
function decodeStatusMessage(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
