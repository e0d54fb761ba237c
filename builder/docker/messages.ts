import type { Readable } from "node:stream";

/** One line of what an engine tells while it builds, pulls or pushes. */
export interface EngineMessage {
  /** Text of a build, newlines included. */
  readonly stream?: string;
  /** Of a pull or push: `Pushing`, `Layer already exists`. */
  readonly status?: string;
  /** The layer that `status` is about. */
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string; readonly code?: number };
  /** Results: an image's id, a digest, BuildKit's own messages. */
  readonly aux?: unknown;
}

/** A line longer than this is not the engine's. */
const MOST_LINE_CHARS = 16 << 20;

/**
 * The messages of an answer, as they come. Ends when the engine ends the answer.
 * dockerode's own followProgress is not enough: it ends without an error when a build failed, throws past its caller
 * when a line is no JSON, and takes an answer that was cut off for a whole one.
 * @throws Error when the connection breaks off, or in the middle of a line
 */
export async function* readMessages(stream: Readable): AsyncGenerator<EngineMessage> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MOST_LINE_CHARS) throw new Error("the engine's answer has a line without an end");
    for (const line of lines) {
      const message = parseLine(line);
      if (message !== undefined) yield message;
    }
  }
  rest += decoder.decode();
  const last = parseLine(rest);
  if (last !== undefined) yield last;
}

function parseLine(line: string): EngineMessage | undefined {
  const text = line.trim();
  if (text === "") return undefined;
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (cause) {
    throw Object.assign(new Error(`the engine's answer was cut off: ${text.slice(0, 120)}`, { cause }), {
      code: "ERR_STREAM_PREMATURE_CLOSE",
    });
  }
  return typeof message === "object" && message !== null ? message : undefined;
}

/** What failed, where a message says that something did. */
export function errorOf(message: EngineMessage): string | undefined {
  return message.errorDetail?.message ?? message.error;
}
