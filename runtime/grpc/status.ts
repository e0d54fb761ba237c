import { type KtsError, isKtsError } from "../../contract/errors.ts";
import { toErrorAnswer } from "../http/errors.ts";

/** The gRPC status codes that this server chooses itself; the error catalogue has the others. */
export const OK = 0;
export const UNIMPLEMENTED = 12;
export const UNAVAILABLE = 14;

/** How a call ended. */
export interface GrpcStatus {
  readonly code: number;
  /** Empty with OK. */
  readonly message: string;
  /** Further trailers. */
  readonly trailers?: Readonly<Record<string, string>>;
}

/** A failure as it goes over gRPC. */
export interface GrpcFailure extends GrpcStatus {
  /** The HTTP status that the same failure has over REST. */
  readonly httpStatus: number;
}

export const STATUS_OK: GrpcStatus = { code: OK, message: "" };

/** Any thrown value as a status. The message of an error that is not ours is hidden, as over REST. */
export function toFailure(error: unknown): GrpcFailure {
  const known = isKtsError(error) ? error : undefined;
  if (known === undefined) {
    const { status, body } = toErrorAnswer(error);
    return { code: 13, message: (JSON.parse(body) as { error: string }).error, httpStatus: status };
  }
  const failure = { code: codeOf(known), message: known.message, httpStatus: known.status };
  if (known.retryAfterSeconds === undefined) return failure;
  // gRPC's clients wait so long before they try again, where they try again at all (gRFC A6, "Pushback").
  const pushbackMs = Math.ceil(known.retryAfterSeconds * 1000);
  return { ...failure, trailers: { "grpc-retry-pushback-ms": String(pushbackMs) } };
}

/** A predictor that chose an HTTP status chose its meaning. */
function codeOf(error: KtsError): number {
  if (error.code !== "KTS_HTTP_ERROR") return error.grpcStatus;
  return CODE_OF_HTTP[error.status] ?? (error.status < 500 ? 9 : 2);
}

const CODE_OF_HTTP: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  408: 4,
  409: 10,
  412: 9,
  413: 8,
  416: 11,
  422: 3,
  429: 8,
  499: 1,
  500: 13,
  501: UNIMPLEMENTED,
  503: UNAVAILABLE,
  504: 4,
};

/**
 * A message in the form that the header grpc-message has: UTF-8 of which all but printable ASCII, and `%`, is
 * percent-encoded (gRPC over HTTP2, "Status-Message").
 */
export function encodeStatusMessage(message: string): string {
  if (/^[ -$&-~]*$/.test(message)) return message;
  let encoded = "";
  for (const byte of Buffer.from(message)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
