import { type ErrorRecord, type KtsError, fromErrorRecord } from "../../contract/errors.ts";
import type { NamedTensor } from "../../contract/inference.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { canJoin, inputRows } from "../pipeline/batch-input.ts";
import { splitViews } from "../pipeline/batch-output.ts";
import type { JobResult } from "../pipeline/executor.ts";
import type { PendingJob } from "../pipeline/pending-job.ts";
import { PendingStream } from "../pipeline/pending-stream.ts";
import { SMALL_BYTES } from "../pipeline/tensor-memory.ts";
import type { ToWorker } from "./messages.ts";
import { Cargo } from "./transfer.ts";
import { type FlatReader, ownAll, readPrediction, writeLoaded } from "./wire.ts";

/*
 * Where an engine does everything, jobs that share a run go to the worker as the one input that it takes, and their
 * answers come back as the one output: the worker has nothing to do for each of them. Nothing is copied for it that
 * is not copied anyway on the way between threads.
 */

/** Jobs that go as one input. */
export class EngineRun {
  readonly jobs: PendingJob[] = [];
  /** Instances of each. */
  readonly #counts: number[] = [];
  #rows = 0;

  constructor(first: PendingJob, rows: number) {
    this.add(first, rows);
  }

  /** Instances of all together. */
  get rows(): number {
    return this.#rows;
  }

  add(pending: PendingJob, rows: number): void {
    this.jobs.push(pending);
    this.#counts.push(rows);
    this.#rows += rows;
  }

  /** Whether another can join. */
  takes(pending: PendingJob, rows: number, maxRows: number): boolean {
    return this.#rows + rows <= maxRows && canJoin(tensorsOf(this.jobs[0] as PendingJob), tensorsOf(pending));
  }

  /** The message, and the memory that moves with it. The jobs' large tensors are gone afterwards. */
  pack(id: number): { readonly message: ToWorker; readonly blocks: ArrayBuffer[] } {
    const cargo = new Cargo();
    const message: ToWorker = ["run", undefined, id, this.#rows];
    const inputs = this.jobs.map(tensorsOf);
    const names = Object.keys(inputs[0] as NamedTensors);
    message.push(names.length);
    for (const name of names) {
      const tensor = inputs[0]?.[name] as Tensor;
      const data =
        inputs.length === 1
          ? cargo.load(tensor, ownAll)
          : cargo.loadJoined(inputs.map((tensors) => tensors[name]?.data as ArrayBufferView));
      writeLoaded(message, name, tensor, data, this.#rows);
    }
    message[1] = cargo.close();
    return { message, blocks: cargo.blocks };
  }

  /** What came of it, read behind its id: an error about the run, or each job's own answer. */
  read(reader: FlatReader): KtsError | readonly JobResult[] {
    const error = reader.next<ErrorRecord | undefined>();
    if (error !== undefined) return fromErrorRecord(error);
    const predict = reader.next<number>();
    const prediction = readPrediction(reader);
    const tensors = prediction.kind === "tensors" ? prediction.tensors : [];
    const requests = this.jobs.length;
    const rows = this.#rows;
    const parts = requests === 1 ? [tensors] : splitViews(tensors, this.#counts, rows);
    return parts.map((own, at) => ({
      prediction: { kind: "tensors", tensors: own as readonly NamedTensor[] },
      timings: { queue: 0, preProcess: 0, predict, postProcess: 0 },
      run: { requests, rows, leads: at === 0 },
    }));
  }
}

/**
 * Sorts jobs into runs that go as one input, and others.
 * @param maxRows most instances of a run, unless a single job has more
 */
export function sortIntoRuns(
  jobs: readonly PendingJob[],
  maxRows: number,
): { readonly runs: readonly EngineRun[]; readonly others: readonly PendingJob[] } {
  const runs: EngineRun[] = [];
  const others: PendingJob[] = [];
  for (const pending of jobs) {
    const rows = rowsToRun(pending, jobs.length > 1);
    if (rows === 0) {
      others.push(pending);
      continue;
    }
    const run = runs.find((one) => one.takes(pending, rows, maxRows));
    if (run === undefined) runs.push(new EngineRun(pending, rows));
    else run.add(pending, rows);
  }
  return { runs, others };
}

/** 0: not as one input with others. Joining what is large would keep this thread from its other work. */
function rowsToRun(pending: PendingJob, hasOthers: boolean): number {
  const { verb, payload } = pending.job;
  if (verb !== "predict" || payload.kind !== "tensors" || pending instanceof PendingStream) return 0;
  if (hasOthers && !isSmall(payload.tensors)) return 0;
  return inputRows(payload.tensors);
}

function isSmall(tensors: NamedTensors): boolean {
  for (const name in tensors) {
    const data = tensors[name]?.data;
    if (Array.isArray(data) || (data as ArrayBufferView).byteLength > SMALL_BYTES) return false;
  }
  return true;
}

function tensorsOf({ job: { payload } }: PendingJob): NamedTensors {
  return payload.kind === "tensors" ? payload.tensors : {};
}
