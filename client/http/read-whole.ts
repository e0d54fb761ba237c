import type { ServerAnswer, StreamedAnswer } from "../transport.ts";
import { AnswerBody } from "./answer-body.ts";
import { answerTooLarge } from "./connection-error.ts";

/**
 * Reads an answer to its end.
 * @throws KtsError KTS_SERVER_ANSWERED when it is larger than it may be; what its body throws
 */
export async function readWhole(answer: StreamedAnswer, maxBytes: number): Promise<ServerAnswer> {
  const { status, headers } = answer;
  // The length may be that of a compressed body, and what comes is not compressed.
  const { "content-length": _, ...withoutLength } = headers;
  const whole = new AnswerBody(withoutLength, maxBytes);
  try {
    for await (const chunk of answer.body) if (!whole.add(chunk)) throw answerTooLarge(maxBytes);
    return { status, headers, bytes: whole.finish() };
  } finally {
    answer.cancel();
  }
}
