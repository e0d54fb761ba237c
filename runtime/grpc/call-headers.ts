import type { IncomingHttpHeaders } from "node:http2";
import { InvalidInput, KtsError } from "../../contract/errors.ts";

/** Compressions that a message may have. `deflate` is zlib's format. */
export type MessageCoding = "gzip" | "deflate";

/** What grpc-accept-encoding says of this server. */
export const ACCEPTED_ENCODINGS = "identity,deflate,gzip";

/** What a call's headers say to the transport. */
export interface CallHeaders {
  /** How its compressed messages are compressed. */
  readonly coding: MessageCoding | undefined;
  /** Milliseconds it may take; undefined: as long as the server allows. */
  readonly timeoutMs: number | undefined;
}

/**
 * Reads what the transport needs of a call's headers.
 * @throws InvalidInput for what gRPC does not allow; KtsError KTS_NOT_IMPLEMENTED for an unknown compression
 */
export function readCallHeaders(headers: IncomingHttpHeaders): CallHeaders {
  if (headers.te !== "trailers") {
    // What it is for: a proxy that drops this most likely drops trailers too, and then no status would arrive.
    throw new InvalidInput("expected trailers, as gRPC needs them; a proxy in between may have dropped it", {
      path: "te",
    });
  }
  return {
    coding: readCoding(headers["grpc-encoding"]),
    timeoutMs: readTimeout(headers["grpc-timeout"]),
  };
}

/** Whether the content type is gRPC's, with messages in protobuf. */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:\+proto)?(?:$|;)/i.test(contentType);
}

function readCoding(encoding: string | string[] | undefined): MessageCoding | undefined {
  if (encoding === undefined || encoding === "identity") return undefined;
  if (encoding === "gzip" || encoding === "deflate") return encoding;
  throw new KtsError(
    "KTS_NOT_IMPLEMENTED",
    `grpc-encoding: expected one of ${ACCEPTED_ENCODINGS}, got ${JSON.stringify(encoding)}`,
    { hint: "Compress with gzip or deflate, or not at all." },
  );
}

const MS_OF_UNIT: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

function readTimeout(text: string | string[] | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parts = typeof text === "string" ? /^(\d{1,8})([HMSmun])$/.exec(text) : null;
  if (parts === null) {
    throw new InvalidInput(
      `expected up to 8 digits and a unit of H, M, S, m, u, n, got ${JSON.stringify(text)}`,
      {
        path: "grpc-timeout",
      },
    );
  }
  return Number(parts[1]) * (MS_OF_UNIT[parts[2] as string] as number);
}

/** Whether an answer may be compressed so: the client says what it can undo, else what it used itself. */
export function acceptsCoding(headers: IncomingHttpHeaders, coding: MessageCoding): boolean {
  const accepted = headers["grpc-accept-encoding"];
  if (accepted === undefined) return true;
  return String(accepted)
    .split(",")
    .some((name) => name.trim() === coding);
}

/**
 * A call's metadata as a predictor sees it in `ctx.headers`: what the caller set, without what is the transport's own.
 * Values of names in `-bin` are base64, as they are on the wire.
 */
export function callMetadata(headers: IncomingHttpHeaders): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const name in headers) {
    if (isTransports(name)) continue;
    const value = headers[name];
    metadata[name] = typeof value === "string" ? value : (value ?? []).join(", ");
  }
  return metadata;
}

/** Which headers are the transport's own. The first letter rules most of them out. */
function isTransports(name: string): boolean {
  switch (name.charCodeAt(0)) {
    case COLON:
      return true;
    case LETTER_C:
      return name === "content-type";
    case LETTER_G:
      return name.startsWith("grpc-");
    case LETTER_T:
      return name === "te";
    default:
      return false;
  }
}

const COLON = 0x3a;
const LETTER_C = 0x63;
const LETTER_G = 0x67;
const LETTER_T = 0x74;
