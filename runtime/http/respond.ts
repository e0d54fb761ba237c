import type { IncomingMessage, ServerResponse } from "node:http";
import type { EncodedBody } from "../../protocol/body.ts";
import type { AnswerWriter } from "./carrier.ts";
import type { CompressedBody } from "./compress.ts";
import type { ErrorAnswer } from "./errors.ts";

/** Alternating header names and values, as `writeHead` takes them without a detour. */
export type RawHeaders = readonly string[];

const NONE: RawHeaders = [];
/** Up to here head and tensors go out as one write, which is cheaper than several. */
const JOIN_BYTES = 16_384;
/** How long, and how much of, a refused body is read on, so that the client comes to read the answer. */
const LINGER_MS = 2_000;
const LINGER_BYTES = 64 << 20;

/** Answers with a JSON text. */
export function sendJson(res: AnswerWriter, status: number, body: string, extra: RawHeaders = NONE): void {
  const length = Buffer.byteLength(body);
  // KServe's client reads the error text only where the type is exactly this, without parameters.
  res.writeHead(
    status,
    withExtra(["Content-Type", "application/json", "Content-Length", String(length)], extra),
  );
  endWithText(res, body, length);
}

/** Answers 200 with an encoded prediction. */
export function sendEncoded(res: AnswerWriter, body: EncodedBody, extra: RawHeaders = NONE): void {
  const { head, tail } = body;
  const headLength = Buffer.byteLength(head);
  let length = headLength;
  for (const part of tail) length += part.byteLength;
  const headers = ["Content-Type", body.contentType, "Content-Length", String(length)];
  if (body.jsonLength !== undefined) headers.push("Inference-Header-Content-Length", String(body.jsonLength));
  res.writeHead(200, withExtra(headers, extra));
  if (tail.length === 0) return endWithText(res, head, headLength);
  if (length <= JOIN_BYTES) return void res.end(Buffer.concat([Buffer.from(head), ...tail], length));
  res.cork();
  res.write(head);
  for (const part of tail) res.write(part);
  res.end();
}

/** Answers 200 with an encoded prediction that is compressed. The length of its JSON is that before compression. */
export function sendCompressed(
  res: AnswerWriter,
  { contentType, jsonLength }: EncodedBody,
  { coding, bytes }: CompressedBody,
  extra: RawHeaders = NONE,
): void {
  const headers = ["Content-Type", contentType, "Content-Length", String(bytes.byteLength)];
  headers.push("Content-Encoding", coding, "Vary", "Accept-Encoding");
  if (jsonLength !== undefined) headers.push("Inference-Header-Content-Length", String(jsonLength));
  res.writeHead(200, withExtra(headers, extra));
  res.end(bytes);
}

function withExtra(headers: string[], extra: RawHeaders): string[] {
  if (extra.length > 0) headers.push(...extra);
  return headers;
}

/** A text of one byte a character is ASCII, which need not be encoded. */
function endWithText(res: AnswerWriter, text: string, byteLength: number): void {
  if (byteLength === text.length) res.end(text, "latin1");
  else res.end(text);
}

/** Answers with a failure. */
export function sendError(res: AnswerWriter, answer: ErrorAnswer, extra: RawHeaders = NONE): void {
  sendJson(res, answer.status, answer.body, [...answer.headers, ...extra]);
}

/**
 * Answers a request whose body is not going to be read, and closes the connection. The body is read on for a while
 * and thrown away: closing while the client still sends would reset the connection before it has read the answer.
 */
export function refuseUnread(req: IncomingMessage, res: ServerResponse, answer: ErrorAnswer): void {
  res.writeHead(answer.status, [
    "Content-Type",
    "application/json",
    "Content-Length",
    String(Buffer.byteLength(answer.body)),
    "Connection",
    "close",
    ...answer.headers,
  ]);
  // The announced length makes the answer complete for the client; `end` would close the connection now.
  res.write(answer.body);
  const finish = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  timer.unref();
  let drained = 0;
  req.on("data", (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > LINGER_BYTES) finish();
  });
  req.once("end", finish);
  req.once("close", finish);
  req.resume();
}
