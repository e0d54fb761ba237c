import { type CompareOptions, compareAnswers } from "../../contract/answers/compare-answers.ts";
import type { ExpectedFailure } from "../../contract/answers/expected-failure.ts";
import { HttpError, type KtsError, isKtsError } from "../../contract/errors.ts";
import { toFailure } from "../../runtime/grpc/status.ts";
import type { TestAnswer } from "./ask.ts";
import type { TestProtocol } from "./protocols.ts";
import type { Origin } from "./requests.ts";
import type { Outcome } from "./results.ts";

/** What came of one request. */
export type Asked = { readonly ms: number } & (
  { readonly answer: TestAnswer } | { readonly error: KtsError }
);

/** What an answer is measured by. */
export interface Measure {
  /** The answer's body that it must be; undefined: none is known yet. */
  readonly body: unknown;
  /** Whose answer that is: `expected`, or the protocol that it came over. */
  readonly from: "expected" | TestProtocol;
}

/** Statuses of a server that does not know what it was asked for: the route, its form, or gRPC's method. */
const UNKNOWN_TO_SERVER: ReadonlySet<number> = new Set([404, 405, 415, 501]);

/** Statuses of a server that does not take the request. */
const REFUSED: ReadonlySet<number> = new Set([400, 422]);

/**
 * Judges what came of a request that should have an answer.
 * @param measure undefined: any answer will do
 * @throws what is no KtsError
 */
export function judgeAnswer(
  asked: Asked,
  origin: Origin,
  measure: Measure | undefined,
  options: CompareOptions,
): Outcome {
  const { ms } = asked;
  if ("error" in asked) {
    const { status, message } = asked.error;
    const isServers = asked.error.code === "KTS_SERVER_ANSWERED";
    if (isServers && origin !== "own" && UNKNOWN_TO_SERVER.has(status)) {
      return { kind: "not-applicable", reason: `the server does not answer it: ${message}` };
    }
    if (isServers && origin === "reshaped" && REFUSED.has(status)) {
      const reason = `the predictor does not take its values in the model's shape: ${message}`;
      return { kind: "not-applicable", reason };
    }
    return failed(ms, message);
  }
  if (measure === undefined) return { kind: "passed", ms };
  const comparison = compareAnswers(measure.body, asked.answer.body, options);
  const { differences, count, compared } = comparison;
  if (count === 0) return { kind: "passed", ms };
  const other = measure.from === "expected" ? "the expected answer" : `that over ${measure.from}`;
  const many = compared > 1 ? `${count} of ${compared} values differ` : "it differs";
  const reason = `${count > compared ? "it differs" : many} from ${other}`;
  return { kind: "failed", ms, reason, differences, differenceCount: count };
}

/**
 * Judges what came of a request that should be refused.
 * @param protocol over gRPC a status of HTTP is the code that our servers tell it by
 * @param isOwn whether it is the example as it is written: only then are the words known, as they name places
 */
export function judgeFailure(
  asked: Asked,
  { status, error }: ExpectedFailure,
  protocol: TestProtocol,
  isOwn: boolean,
): Outcome {
  const { ms } = asked;
  if (!("error" in asked)) return failed(ms, `expected the status ${status}, got an answer`);
  const got = asked.error;
  const isSame =
    protocol === "grpc"
      ? got.grpcStatus === toFailure(new HttpError(status, "")).code
      : got.status === status;
  if (!FROM_SERVER.has(got.code)) return failed(ms, got.message);
  if (!isSame) return failed(ms, `expected the status ${status}, got ${got.status}: ${got.message}`);
  if (isOwn && error !== undefined && !got.message.includes(error)) {
    return failed(ms, `expected ${JSON.stringify(error)} in the message, got: ${got.message}`);
  }
  return { kind: "passed", ms };
}

/** Errors that a server's answer becomes. */
const FROM_SERVER: ReadonlySet<string> = new Set(["KTS_SERVER_ANSWERED", "KTS_DEADLINE_EXCEEDED"]);

/** What came of a request, however it ended. @throws what is no KtsError */
export async function timed(ask: () => Promise<TestAnswer>): Promise<Asked> {
  const start = performance.now();
  try {
    const answer = await ask();
    return { ms: performance.now() - start, answer };
  } catch (error) {
    if (!isKtsError(error)) throw error;
    return { ms: performance.now() - start, error };
  }
}

function failed(ms: number, reason: string): Outcome {
  return { kind: "failed", ms, reason, differences: [], differenceCount: 0 };
}
