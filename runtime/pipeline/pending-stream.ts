import { KtsError } from "../../contract/errors.ts";
import type { Prediction } from "../../contract/inference.ts";
import type { Job, JobResult, PredictionStream, StageTimings } from "./executor.ts";
import { PendingJob } from "./pending-job.ts";

/** Answers that may be on their way to a reader who has not asked for them yet. */
export const STREAM_WINDOW = 8;

/** The reader's side of a stream that has no answer for it yet. */
interface Reader {
  resolve(result: IteratorResult<Prediction, undefined>): void;
  reject(error: unknown): void;
}

/**
 * A request whose answers come one by one, between `stream` and the last of them. Read by one reader, who is never
 * more than {@link STREAM_WINDOW} answers behind: who runs it gets a credit for each answer that was read.
 */
export class PendingStream extends PendingJob implements PredictionStream {
  readonly timings: StageTimings = { queue: 0, preProcess: 0, predict: 0, postProcess: 0 };
  /** Given by who runs it: takes credits for so many more answers. */
  grant: ((answers: number) => void) | undefined;
  readonly #waiting: Prediction[] = [];
  readonly #readers: Reader[] = [];
  #read = 0;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;

  constructor(job: Job, signal: AbortSignal, onAbort: (pending: PendingJob) => void) {
    super(job, signal, onAbort);
    this.promise.then(
      (result) => this.#ended(result),
      (error: unknown) => this.#failed(error),
    );
  }

  /** Takes the next answer. After the end it has no effect. */
  push(prediction: Prediction): void {
    if (this.#isOver) return;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#waiting.push(prediction);
    else this.#give(reader, prediction);
  }

  next(): Promise<IteratorResult<Prediction, undefined>> {
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      const prediction = this.#waiting.shift();
      if (prediction !== undefined) this.#give(reader, prediction);
      else if (this.#isOver) this.#end(reader);
      else this.#readers.push(reader);
    });
  }

  /** The reader wants no more: the predictor is told, as by an abort. */
  async return(): Promise<IteratorResult<Prediction, undefined>> {
    if (!this.#isOver) this.cancel(new KtsError("KTS_CANCELLED", "The stream is no longer read."));
    // That failure is the reader's own doing.
    this.#waiting.length = 0;
    this.#failure = undefined;
    this.#isOver = true;
    for (const reader of this.#readers.splice(0)) this.#end(reader);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #give(reader: Reader, prediction: Prediction): void {
    reader.resolve({ done: false, value: prediction });
    // Half a window at a time: a message for each answer would cost more than the answer.
    if (++this.#read < STREAM_WINDOW / 2) return;
    this.grant?.(this.#read);
    this.#read = 0;
  }

  #ended({ timings }: JobResult): void {
    Object.assign(this.timings, timings);
    this.#over();
  }

  /** What came before a failure is still read; after an abort nobody wants it. */
  #failed(error: unknown): void {
    if (this.#isOver) return;
    if (this.aborted) this.#waiting.length = 0;
    this.#failure = { error };
    this.#over();
  }

  #over(): void {
    this.#isOver = true;
    for (const reader of this.#readers.splice(0)) this.#end(reader);
  }

  /** A failure is told once; then the stream is over. */
  #end(reader: Reader): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(failure.error);
  }
}
