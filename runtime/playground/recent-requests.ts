import { isKtsError, messageOf } from "../../contract/errors.ts";
import type { InferenceTarget } from "../inference-call.ts";
import type { StageTimings } from "../pipeline/executor.ts";
import type { LogSink } from "../telemetry/logger.ts";
import type { ErrorView, LogView, RequestView } from "./wire.ts";

/** Requests, and lines of the log, that are kept. */
const MOST_REQUESTS = 100;
const MOST_LINES = 200;
/** A longer line is cut: a predictor may log whole tensors. */
const LONGEST_LINE = 4_000;

/** A request whose answer is out. */
export interface EndedRequest {
  readonly id: string;
  readonly target: InferenceTarget | undefined;
  /** The HTTP status, also of gRPC's answers. */
  readonly status: number;
  readonly totalMs: number;
  readonly timings: StageTimings | undefined;
  readonly error: unknown;
}

/** The last requests and lines of the log, for the playground: not there, and so free of cost, where that is off. */
export class RecentRequests {
  readonly #requests = new Ring<RequestView>(MOST_REQUESTS);
  readonly #lines = new Ring<LogView>(MOST_LINES);

  add({ id, target, status, totalMs, timings, error }: EndedRequest): void {
    this.#requests.add((sequence) => ({
      sequence,
      id,
      at: Date.now(),
      model: target?.model,
      version: target?.version,
      protocol: target?.protocol,
      verb: target?.verb,
      status,
      totalMs,
      stages: timings,
      error: error === undefined ? undefined : errorView(error),
    }));
  }

  /** A sink that keeps the lines as well. @param sink where they go. Default: stderr */
  tee(sink: LogSink = (line) => process.stderr.write(line)): LogSink {
    return (line) => {
      const text = line.trimEnd().slice(0, LONGEST_LINE);
      this.#lines.add((sequence) => ({ sequence, text }));
      sink(line);
    };
  }

  /** The requests after one, the oldest first. */
  requestsAfter(sequence: number): readonly RequestView[] {
    return this.#requests.after(sequence);
  }

  /** The lines after one, the oldest first. */
  linesAfter(sequence: number): readonly LogView[] {
    return this.#lines.after(sequence);
  }
}

function errorView(error: unknown): ErrorView {
  if (isKtsError(error)) {
    const { code, message, hint, path } = error;
    return { code, message, hint, path };
  }
  const hint = "Its stack is in the server's log.";
  return { code: "KTS_INTERNAL", message: messageOf(error), hint, path: undefined };
}

/** Keeps the last entries. */
class Ring<Entry extends { readonly sequence: number }> {
  readonly #most: number;
  readonly #entries: Entry[] = [];
  #sequence = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(entryOf: (sequence: number) => Entry): void {
    this.#sequence++;
    // In its place among those that are kept: nothing is moved.
    this.#entries[(this.#sequence - 1) % this.#most] = entryOf(this.#sequence);
  }

  after(sequence: number): readonly Entry[] {
    const entries = this.#entries.filter((entry) => entry.sequence > sequence);
    return entries.toSorted((one, other) => one.sequence - other.sequence);
  }
}
