import type { KtsError } from "../../contract/errors.ts";
import type { StageTimings } from "./executor.ts";
import type { PendingStream } from "./pending-stream.ts";
import { StreamCredits, pumpStream } from "./pump-stream.ts";
import type { PredictorRunner } from "./runner.ts";

/** The streams that run on this thread. */
export class InlineStreams {
  readonly #runner: PredictorRunner;
  readonly #pending = new Set<PendingStream>();

  constructor(runner: PredictorRunner) {
    this.#runner = runner;
  }

  get running(): number {
    return this.#pending.size;
  }

  /** Runs a stream; resolves once the predictor's generator has ended, and never rejects: the stream itself does. */
  async run(pending: PendingStream): Promise<void> {
    const queue = performance.now() - pending.cameAt;
    const timings: StageTimings = { queue, preProcess: 0, predict: 0, postProcess: 0 };
    const credits = new StreamCredits();
    const abort = new AbortController();
    this.#pending.add(pending);
    pending.grant = (answers) => credits.grant(answers);
    pending.holder = {
      abort({ abortReason }) {
        abort.abort(abortReason);
        credits.stop();
      },
    };
    try {
      const stream = this.#runner.stream(pending.job, abort, timings);
      await pumpStream(stream, credits, (prediction) => pending.push(prediction));
      pending.resolve({ prediction: { kind: "array", values: [] }, timings });
    } catch (error) {
      pending.reject(error);
    }
    this.#pending.delete(pending);
  }

  /** Ends all. */
  cancel(reason: KtsError): void {
    for (const pending of this.#pending) pending.cancel(reason);
  }
}
