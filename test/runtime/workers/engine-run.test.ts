import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DATATYPE_ARRAY } from "../../../contract/datatype.ts";
import type { NamedTensors, Tensor } from "../../../contract/tensor.ts";
import { tensor } from "../../../contract/tensor.ts";
import { discoverModel } from "../../../runtime/models/discover.ts";
import type { JobResult } from "../../../runtime/pipeline/executor.ts";
import { PendingJob } from "../../../runtime/pipeline/pending-job.ts";
import { sortIntoRuns } from "../../../runtime/workers/engine-run.ts";
import type { ToWorker } from "../../../runtime/workers/messages.ts";
import { startExecutor } from "../../../runtime/workers/start-executor.ts";
import { Cargo } from "../../../runtime/workers/transfer.ts";
import { FlatReader, readTensors, writePrediction } from "../../../runtime/workers/wire.ts";
import { ONNX_FLOAT, buildOnnx } from "../engines/onnx-builder.ts";
import { instancesJob, never, tensorsJob } from "./jobs.ts";

const models = new URL("../../fixtures/models/", import.meta.url).pathname;

function pendingOf(tensors: NamedTensors): PendingJob {
  return new PendingJob(tensorsJob(tensors), never, () => undefined);
}

/** A worker's side of a run: its inputs are its outputs. */
function echoed(message: ToWorker): FlatReader {
  if (!(message instanceof Array)) throw new Error(message.type);
  const reader = new FlatReader(message, 2, message[1]);
  const id = reader.next<number>();
  const rows = reader.next<number>();
  const inputs = readTensors(reader);
  const tensors = Object.entries(inputs).map(([name, value]) => ({ name, ...value }));
  for (const { shape } of tensors) expect(shape[0]).toBe(rows);
  const cargo = new Cargo();
  const answer: unknown[] = ["ran", undefined, id, undefined, 1.5];
  writePrediction(answer, { kind: "tensors", tensors }, cargo, () => true);
  const hold = cargo.close();
  const came = structuredClone({ answer, hold }, { transfer: cargo.blocks });
  return new FlatReader(came.answer, 3, came.hold);
}

const elements = fc.constantFrom("FP32", "INT64", "UINT8", "FP64", "INT16");
const request = fc.record({
  rows: fc.integer({ min: 1, max: 3 }),
  width: fc.integer({ min: 1, max: 3 }),
  types: fc.tuple(elements, elements),
});

describe("jobs of an engine", () => {
  it("come as one input and go as their own rows, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 8 }),
        (list, most) => {
          let next = 0;
          const sent = list.map(({ rows, width, types }) => {
            const tensors = Object.create(null) as NamedTensors;
            for (const [at, datatype] of types.entries()) {
              const count = rows * width;
              const data = new DATATYPE_ARRAY[datatype](count) as Float32Array;
              for (let index = 0; index < count; index++) {
                next = (next + 1) % 100;
                data[index] = (datatype === "INT64" ? BigInt(next) : next) as number;
              }
              tensors[`x${at}`] = { datatype, shape: [rows, width], data } as Tensor;
            }
            return { tensors, pending: pendingOf(tensors) };
          });
          const kept = sent.map(({ tensors }) => structuredClone(tensors));
          const { runs, others } = sortIntoRuns(
            sent.map(({ pending }) => pending),
            most,
          );
          expect(others).toEqual([]);
          const answers = new Map<PendingJob, JobResult>();
          for (const run of runs) {
            expect(run.rows <= most || run.jobs.length === 1).toBe(true);
            const { message, blocks } = run.pack(5);
            const results = run.read(echoed(structuredClone(message, { transfer: blocks })));
            if (results instanceof Error) throw results;
            expect(results.map((result) => result.run?.leads)).toEqual(run.jobs.map((_, at) => at === 0));
            for (const [at, result] of results.entries()) answers.set(run.jobs[at] as PendingJob, result);
          }
          expect(answers.size).toBe(list.length);
          for (const [at, { pending }] of sent.entries()) {
            const prediction = answers.get(pending)?.prediction;
            if (prediction?.kind !== "tensors") throw new Error("no tensors");
            const own = Object.fromEntries(prediction.tensors.map(({ name, ...value }) => [name, value]));
            expect(own).toEqual({ ...kept[at] });
          }
        },
      ),
    );
  });

  it("go apart where they are large, texts, no tensors, or no rows", () => {
    const small = pendingOf({ x: tensor("FP32", [1, 2], [1, 2]) });
    const large = pendingOf({ x: tensor("FP32", [1, 2000], new Float32Array(2000)) });
    const texts = pendingOf({ x: tensor("BYTES", [1], ["a"]) });
    const scalar = pendingOf({ x: tensor("FP32", [], [1]) });
    const list = new PendingJob(instancesJob([1]), never, () => undefined);
    const { runs, others } = sortIntoRuns([small, large, texts, scalar, list], 10);
    expect(runs.map(({ jobs }) => jobs)).toEqual([[small]]);
    expect(others).toEqual([large, texts, scalar, list]);
    expect(sortIntoRuns([large], 10).runs).toHaveLength(1);
  });
});

describe("a worker whose engine does everything", () => {
  /** Gives each row the table's element that it asks for. */
  async function startTable() {
    const folder = mkdtempSync(join(tmpdir(), "engine-run-"));
    cpSync(`${models}digits-onnx`, folder, { recursive: true });
    writeFileSync(
      join(folder, "model/model.onnx"),
      buildOnnx({
        nodes: [
          { op: "Cast", inputs: ["x"], outputs: ["index"], attributes: { to: 7 } },
          { op: "Gather", inputs: ["table", "index"], outputs: ["y"], attributes: { axis: 0 } },
        ],
        inputs: [{ name: "x", type: ONNX_FLOAT, shape: ["n", 1] }],
        outputs: [{ name: "y", type: ONNX_FLOAT, shape: ["n", 1, 1] }],
        matrices: {
          table: { shape: [400, 1], values: Float32Array.from({ length: 400 }, (_, at) => at * 2) },
        },
      }),
    );
    const executor = await startExecutor(await discoverModel(folder), {
      workers: 1,
      intraOpThreads: 1,
      maxQueueSize: 1000,
      batching: true,
      log: () => undefined,
    });
    const dispose = async () => {
      await executor[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    };
    return { executor, [Symbol.asyncDispose]: dispose };
  }

  const ask = (value: number) => tensorsJob({ x: tensor("FP32", [1, 1], [value]) });

  it("fails only the one at fault of those that share a run", async () => {
    await using started = await startTable();
    const { executor } = started;
    const values = [3, 1000, 5, 7];
    const all = await Promise.allSettled(values.map((value) => executor.run(ask(value), never)));
    const ended = all.map((one) => {
      if (one.status === "rejected") return (one.reason as { code: string }).code;
      const { prediction } = one.value;
      return prediction.kind === "tensors" ? [...(prediction.tensors[0]?.data as Float32Array)] : prediction;
    });
    expect(ended).toEqual([[6], "KTS_INVALID_INPUT", [10], [14]]);
    expect(executor.load).toEqual({ queued: 0, running: 0, workers: 1 });
  });

  it("answers those that stay when one of a run is aborted", async () => {
    await using started = await startTable();
    const { executor } = started;
    const abort = new AbortController();
    const gone = executor.run(ask(1), abort.signal);
    const stays = executor.run(ask(2), never);
    await new Promise(setImmediate);
    abort.abort();
    await expect(gone).rejects.toBe(abort.signal.reason);
    const { prediction, run } = await stays;
    expect(prediction).toMatchObject({
      tensors: [{ name: "y", shape: [1, 1, 1], data: Float32Array.of(4) }],
    });
    expect(run).toEqual({ requests: 2, rows: 2, leads: false });
    expect(executor.load).toEqual({ queued: 0, running: 0, workers: 1 });
  });
});
