import type { MessagePort } from "node:worker_threads";
import { toErrorRecord } from "../../contract/errors.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import { checkOutputRows } from "../pipeline/batch-output.ts";
import { predictorError } from "../pipeline/predictor-error.ts";
import type { PredictorRunner } from "../pipeline/runner.ts";
import { freeBlocks, largeBlocks } from "../pipeline/tensor-memory.ts";
import type { FromWorker } from "./messages.ts";
import { Cargo, isWorthMoving } from "./transfer.ts";
import { type FlatReader, readTensors, writePrediction } from "./wire.ts";

/** Runs, in a worker, jobs that came as one input. Each starts at once: the pool sends none where there is no room. */
export class EngineRuns {
  readonly #runner: PredictorRunner;
  readonly #port: MessagePort;

  constructor(runner: PredictorRunner, port: MessagePort) {
    this.#runner = runner;
    this.#port = port;
  }

  start(reader: FlatReader): void {
    const id = reader.next<number>();
    const rows = reader.next<number>();
    const inputs = readTensors(reader);
    void this.#run(id, rows, inputs);
  }

  async #run(id: number, rows: number, inputs: NamedTensors): Promise<void> {
    const cargo = new Cargo();
    let message: FromWorker = ["ran", undefined, id];
    try {
      const startedAt = performance.now();
      const outputs = await this.#runner.runEngine(inputs);
      checkOutputRows(outputs, rows);
      const prediction = this.#runner.predictionOf("predict", outputs);
      message.push(undefined, performance.now() - startedAt);
      writePrediction(message, prediction, cargo, isWorthMoving);
      message[1] = cargo.close();
    } catch (error) {
      message = ["ran", undefined, id, toErrorRecord(predictorError(error), "KTS_PREDICTOR_FAILED")];
    }
    this.#port.postMessage(message, cargo.blocks);
    freeBlocks(largeBlocks({ kind: "tensors", tensors: inputs }));
  }
}
