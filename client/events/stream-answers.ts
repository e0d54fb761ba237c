import { readWhole } from "../http/read-whole.ts";
import { streamError } from "../server-error.ts";
import type { ServerAnswer, StreamedAnswer } from "../transport.ts";
import { unreadable } from "../unreadable.ts";
import { EventParser } from "./event-parser.ts";

/** Media type of server-sent events. */
export const EVENT_TYPE = "text/event-stream";

/** How the answers of a stream are read. */
export interface AnswerReader<T> {
  /** An event's data; undefined where it is no answer. */
  event(data: string): T | undefined;
  /** An answer that is no stream: a server may not know how. */
  whole(answer: ServerAnswer): T;
}

/** What holds while a stream is read. */
export interface StreamRules {
  readonly signal: AbortSignal | undefined;
  /** Bytes that one of its answers may have. */
  readonly maxAnswerBytes: number;
}

/**
 * Reads a stream of answers as they come. Nothing is read ahead of who asks; who stops asking ends the exchange.
 * @param open sends the request, when the first answer is asked for
 * @throws ServerAnswered for an event that says that the server failed; what `open`, the body and the reader throw
 */
export async function* streamAnswers<T>(
  open: () => Promise<StreamedAnswer>,
  reader: AnswerReader<T>,
  { signal, maxAnswerBytes }: StreamRules,
): AsyncGenerator<T, void, undefined> {
  const answer = await open();
  try {
    if (!isEvents(answer)) return yield reader.whole(await readWhole(answer, maxAnswerBytes));
    const parser = new EventParser(maxAnswerBytes);
    for await (const chunk of answer.body) {
      for (const { type, data } of parser.push(chunk)) {
        if (type === "error") throw streamError(data);
        const value = reader.event(data);
        signal?.throwIfAborted();
        if (value !== undefined) yield value;
      }
    }
    if (parser.within) throw unreadable("stream of events", "it ends within an event");
  } finally {
    answer.cancel();
  }
}

function isEvents({ headers }: StreamedAnswer): boolean {
  const [type = ""] = (headers["content-type"] ?? "").split(";", 1);
  return type.trim().toLowerCase() === EVENT_TYPE;
}
