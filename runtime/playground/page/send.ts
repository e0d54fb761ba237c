import { decodeBinary } from "./binary.ts";
import type { Prepared } from "./request.ts";
import { isObject, parseJson } from "./values.ts";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  /** Milliseconds until all of it was there. */
  readonly ms: number;
  /** Bytes of its body. */
  readonly size: number;
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of JSON, and of binary tensors: the body with the elements in place of the bytes; of a stream: all events. */
  readonly value: unknown;
  /** What the server says is wrong. */
  readonly error: string | undefined;
}

/**
 * Sends a request and reads its answer.
 * @param id the X-Request-Id
 * @param onEvent gets each of a stream's answers as it comes
 * @throws whatever fetch does: the server is gone, or `signal` was aborted
 */
export async function send(
  prepared: Prepared,
  id: string,
  signal: AbortSignal,
  onEvent: (value: unknown) => void,
): Promise<Answer> {
  const began = performance.now();
  const { path, headers, body } = prepared;
  const response = await fetch(path, {
    method: "POST",
    headers: { ...headers, "X-Request-Id": id },
    body,
    signal,
  });
  const contentType = response.headers.get("Content-Type") ?? "";
  const common = { status: response.status, statusText: response.statusText, contentType };
  if (contentType.startsWith("text/event-stream") && response.body !== null) {
    const { size, events, error } = await readEvents(response.body, onEvent);
    return { ...common, ms: performance.now() - began, size, bytes: new Uint8Array(), value: events, error };
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const ms = performance.now() - began;
  const jsonLength = response.headers.get("Inference-Header-Content-Length");
  const value = valueOf(bytes, contentType, jsonLength === null ? undefined : Number(jsonLength));
  const error = isObject(value) && typeof value["error"] === "string" ? value["error"] : undefined;
  return {
    ...common,
    ms,
    size: bytes.length,
    bytes,
    value,
    error: response.ok ? undefined : (error ?? common.statusText),
  };
}

function valueOf(bytes: Uint8Array, contentType: string, jsonLength: number | undefined): unknown {
  try {
    if (jsonLength !== undefined) return decodeBinary(bytes, jsonLength);
    return contentType.includes("json") ? parseJson(new TextDecoder().decode(bytes)) : undefined;
  } catch {
    return undefined;
  }
}

interface Events {
  readonly size: number;
  readonly events: readonly unknown[];
  readonly error: string | undefined;
}

/** Reads server-sent events to their end. */
async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (value: unknown) => void,
): Promise<Events> {
  const decoder = new TextDecoder();
  const events: unknown[] = [];
  let [size, pending, error] = [0, "", undefined as string | undefined];
  const reader = body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    size += piece.value.length;
    pending += decoder.decode(piece.value, { stream: true });
    const texts = pending.split("\n\n");
    pending = texts.pop() ?? "";
    for (const text of texts) {
      const { name, value } = parseEvent(text);
      if (name === "error") error = isObject(value) ? String(value["error"]) : String(value);
      else {
        events.push(value);
        onEvent(value);
      }
    }
  }
  return { size, events, error };
}

function parseEvent(text: string): { readonly name: string; readonly value: unknown } {
  const lines = text.split("\n");
  const of = (field: string) =>
    lines
      .filter((line) => line.startsWith(`${field}:`))
      .map((line) => line.slice(field.length + 1).replace(/^ /, ""));
  const data = of("data").join("\n");
  try {
    return { name: of("event")[0] ?? "", value: parseJson(data) };
  } catch {
    return { name: of("event")[0] ?? "", value: data };
  }
}
