import { request as httpRequest } from "node:http";
import { deflateSync, gzipSync } from "node:zlib";
import type { Repeated, VectorRequest } from "./vector.ts";

const TIMEOUT_MS = 15_000;

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/**
 * Sends a vector's request over a connection of its own.
 * @throws Error when the connection ends without an answer
 */
export async function exchange(baseUrl: string, request: VectorRequest): Promise<Answer> {
  const { body, headers } = encode(request);
  const url = new URL(baseUrl.replace(/\/$/, "") + request.path);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = httpRequest(url, { method: request.method, headers, agent: false, timeout: TIMEOUT_MS });
  outgoing.on("error", reject);
  outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
  outgoing.on("response", (answer) => {
    const parts: Buffer[] = [];
    answer.on("data", (part: Buffer) => parts.push(part));
    answer.on("error", reject);
    answer.on("end", () =>
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
    );
  });
  outgoing.end(body);
  return promise;
}

/** The body of a vector's request, and the headers that go with it. */
export function encode(request: VectorRequest): {
  body: Buffer | undefined;
  headers: Record<string, string>;
} {
  const { body, ...implied } = content(request);
  const compressed = body === undefined ? undefined : compress(body, request.encoding);
  const headers: Record<string, string | Repeated | null> = {
    ...implied.headers,
    ...(compressed !== undefined && { "content-length": String(compressed.length) }),
    ...(request.encoding !== undefined && { "content-encoding": request.encoding }),
    ...request.headers,
  };
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    value === null ? [] : [[name, spellOut([value])]],
  );
  return { body: compressed, headers: Object.fromEntries(kept) as Record<string, string> };
}

function content(request: VectorRequest): { body: Buffer | undefined; headers: Record<string, string> } {
  const { body, text, base64, binary } = request;
  const json = { "content-type": "application/json" };
  if (body !== undefined) return { body: Buffer.from(JSON.stringify(body)), headers: json };
  if (text !== undefined) return { body: Buffer.from(spellOut(text)), headers: json };
  if (base64 !== undefined) return { body: Buffer.from(base64, "base64"), headers: json };
  if (binary === undefined) return { body: undefined, headers: {} };
  const head = Buffer.from(JSON.stringify(binary.json));
  return {
    body: Buffer.concat([head, ...binary.tensors.map((tensor) => Buffer.from(tensor, "base64"))]),
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(head.length),
    },
  };
}

function spellOut(text: NonNullable<VectorRequest["text"]>): string {
  if (typeof text === "string") return text;
  return text.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times))).join("");
}

function compress(body: Buffer, encoding: VectorRequest["encoding"]): Buffer {
  if (encoding === undefined) return body;
  return encoding === "gzip" ? gzipSync(body) : deflateSync(body);
}
