import type { MessagePort } from "node:worker_threads";
import {
  type ErrorRecord,
  KtsError,
  fromErrorRecord,
  messageOf,
  toErrorRecord,
} from "../../contract/errors.ts";
import type { Prediction } from "../../contract/inference.ts";
import type { StageTimings } from "../pipeline/executor.ts";
import { StreamCredits, pumpStream } from "../pipeline/pump-stream.ts";
import type { PredictorRunner } from "../pipeline/runner.ts";
import { freeBlocks, largeBlocks } from "../pipeline/tensor-memory.ts";
import type { FromWorker } from "./messages.ts";
import { Cargo } from "./transfer.ts";
import { type FlatReader, ReceivedJob, writePrediction } from "./wire.ts";

/** A stream in this worker. */
interface Running {
  readonly credits: StreamCredits;
  readonly abort: AbortController;
}

/** Runs a worker's streams. Each starts at once: the pool sends none where there is no room. */
export class StreamLoop {
  readonly #runner: PredictorRunner;
  readonly #port: MessagePort;
  readonly #streams = new Map<number, Running>();

  constructor(runner: PredictorRunner, port: MessagePort) {
    this.#runner = runner;
    this.#port = port;
  }

  start(reader: FlatReader): void {
    const job = new ReceivedJob(reader);
    const running = { credits: new StreamCredits(), abort: new AbortController() };
    this.#streams.set(job.id, running);
    void this.#run(job, running);
  }

  /** The reader has read so many more answers. */
  grant(id: number, answers: number): void {
    this.#streams.get(id)?.credits.grant(answers);
  }

  /** Nobody reads it any more. */
  abort(id: number, reason: ErrorRecord): void {
    const running = this.#streams.get(id);
    running?.abort.abort(fromErrorRecord(reason));
    running?.credits.stop();
  }

  async #run(job: ReceivedJob, { credits, abort }: Running): Promise<void> {
    const timings: StageTimings = { queue: 0, preProcess: 0, predict: 0, postProcess: 0 };
    let error: ErrorRecord | undefined;
    try {
      const stream = this.#runner.stream(job, abort, timings);
      await pumpStream(stream, credits, (prediction) => this.#give(job.id, prediction));
    } catch (thrown) {
      error = toErrorRecord(thrown, "KTS_PREDICTOR_FAILED");
    }
    this.#streams.delete(job.id);
    this.#post({ type: "streamed", id: job.id, error, timings });
    freeBlocks(largeBlocks(job.payload));
  }

  /** The predictor goes on with what it has, so nothing moves: an answer is copied out. */
  #give(id: number, prediction: Prediction): void {
    const cargo = new Cargo();
    const message: FromWorker = ["answer", undefined, id];
    writePrediction(message, prediction, cargo, () => false);
    message[1] = cargo.close();
    try {
      this.#post(message, cargo.blocks);
    } catch (error) {
      throw new KtsError("KTS_BAD_PREDICTION", `the answer is not plain data: ${messageOf(error)}`);
    }
  }

  #post(message: FromWorker, blocks: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, blocks);
  }
}
