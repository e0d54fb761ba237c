import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tensor } from "../../../contract/tensor.ts";
import { discoverModel } from "../../../runtime/models/discover.ts";
import type { Executor, Job, JobResult } from "../../../runtime/pipeline/executor.ts";
import { type ExecutorSettings, startExecutor } from "../../../runtime/workers/start-executor.ts";
import { randomTensor } from "../../../runtime/pipeline/random-tensor.ts";
import { createRandom } from "../../../runtime/random.ts";
import { ONNX_FLOAT, buildOnnx } from "../engines/onnx-builder.ts";
import { instancesJob, never, startFixture, tensorsJob, until, valuesOf } from "./jobs.ts";

const models = new URL("../../fixtures/models/", import.meta.url).pathname;

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "batching-"));
});
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** What the fixture answers an instance with, without the sizes of its runs. */
function doublesOf(result: JobResult): unknown[] {
  return valuesOf(result).map((value) => (value as { double: number }).double);
}

/** Holds the worker until it is released, so that what comes meanwhile waits. */
async function busy(executor: Executor): Promise<() => Promise<void>> {
  const abort = new AbortController();
  const held = executor.run(instancesJob([{ gate: true }]), abort.signal).catch(() => undefined);
  await until(() => executor.load.running === 1);
  return async () => {
    abort.abort();
    await held;
  };
}

describe("requests that wait for a worker", () => {
  it("share a run, and each gets its own rows", async () => {
    await using started = await startFixture("batched");
    const { executor } = started;
    expect(executor.info.batching).toEqual({ maxBatchSize: 16, maxDelayMs: 0, automatic: false });
    const release = await busy(executor);
    const jobs = [[1], [2, 3], [4, 5, 6]].map((list, at) => ({
      ...instancesJob(list.map((n) => ({ n }))),
      requestId: `r${at}`,
    }));
    const all = Promise.all(jobs.map((job) => executor.run(job, never)));
    await release();
    const answers = await all;
    expect(answers.map(doublesOf)).toEqual([[2], [4, 6], [8, 10, 12]]);
    expect(answers.flatMap(valuesOf)[0]).toMatchObject({ size: 6, ids: ["r0", "r1", "r2"] });
    // And the one that kept it busy.
    expect(executor.runCounts.sizes.sum).toBe(7);
    expect(executor.load).toEqual({ queued: 0, running: 0, workers: 1 });
  });

  it("fail alone where one of them is at fault", async () => {
    await using started = await startFixture("batched");
    const { executor } = started;
    const release = await busy(executor);
    const lists = [[{ n: 1 }], [{ n: 2, fail: "two is bad" }], [{ n: 3 }]];
    const all = Promise.allSettled(lists.map((list) => executor.run(instancesJob(list), never)));
    await release();
    const [one, two, three] = await all;
    expect(one?.status === "fulfilled" && doublesOf(one.value)).toEqual([2]);
    expect(three?.status === "fulfilled" && doublesOf(three.value)).toEqual([6]);
    expect(two).toMatchObject({
      reason: { code: "KTS_PREDICTOR_FAILED", message: "RangeError : two is bad" },
    });
  });

  it("are not run once their client is gone", async () => {
    await using started = await startFixture("batched");
    const { executor } = started;
    const release = await busy(executor);
    const abort = new AbortController();
    const gone = executor.run(instancesJob([{ n: 1 }]), abort.signal);
    const stays = executor.run(instancesJob([{ n: 2 }]), never);
    abort.abort();
    await expect(gone).rejects.toBe(abort.signal.reason);
    await release();
    expect(valuesOf(await stays)).toEqual([{ double: 4, size: 1, ids: undefined }]);
  });

  it("move large rows in and out, each with memory of its own", async () => {
    await using started = await startFixture("batched");
    const { executor } = started;
    const release = await busy(executor);
    const x = (value: number) =>
      tensorsJob({ x: tensor("FP32", [2, 4000], new Float32Array(8000).fill(value)) });
    const jobs = [1, 2, 3].map(x);
    const all = Promise.all(jobs.map((job) => executor.run(job, never)));
    await release();
    const blocks = (await all).map(({ prediction }, at) => {
      if (prediction.kind !== "tensors") throw new Error(prediction.kind);
      const [y] = prediction.tensors;
      expect(y).toMatchObject({ name: "y", shape: [2, 4000] });
      expect(y?.data).toEqual(new Float32Array(8000).fill((at + 1) * 2));
      return (y?.data as Float32Array).buffer;
    });
    expect(new Set(blocks).size).toBe(3);
    expect(blocks.every(({ byteLength }) => byteLength === 32_000)).toBe(true);
    expect(
      jobs.every(({ payload }) => payload.kind === "tensors" && payload.tensors["x"]?.data.length === 0),
    ).toBe(true);
  });
});

describe("a model that an engine runs", () => {
  async function start(folder: string, settings: Partial<ExecutorSettings> = {}) {
    const lines: unknown[] = [];
    const executor = await startExecutor(await discoverModel(folder), {
      workers: 1,
      intraOpThreads: 1,
      maxQueueSize: 1000,
      log: (...line) => lines.push(line),
      ...settings,
    });
    return { executor, lines, [Symbol.asyncDispose]: () => executor[Symbol.asyncDispose]() };
  }

  it("answers many requests at once as it answers each alone", async () => {
    await using started = await start(`${models}digits-onnx`, { workers: 2 });
    const { executor, lines } = started;
    const automatic = { maxBatchSize: 64, maxDelayMs: 0, automatic: true };
    expect(executor.info.batching).toEqual(automatic);
    expect(lines).toContainEqual([
      "debug",
      "requests may share runs",
      { model: "digits-onnx", ...automatic },
    ]);
    const random = createRandom(7);
    const inputs = Array.from({ length: 150 }, (_, at) =>
      randomTensor("FP32", [1 + (at % 3), 1, 28, 28], random, 1),
    );
    const run = async (at: number) => {
      const { datatype, shape, data } = inputs[at] as (typeof inputs)[number];
      const pixels = { datatype, shape, data: data.slice() } as (typeof inputs)[number];
      const { prediction, run } = await executor.run(tensorsJob({ pixels }), never);
      if (prediction.kind !== "tensors") throw new Error(prediction.kind);
      return { logits: prediction.tensors[0], requests: run?.requests ?? 1 };
    };
    const alone = [];
    for (const at of inputs.keys()) alone.push(await run(at));
    const together = await Promise.all([...inputs.keys()].map(run));
    expect(together.some(({ requests }) => requests > 1)).toBe(true);
    for (const [at, { logits }] of together.entries()) {
      expect(logits?.shape).toEqual(alone[at]?.logits?.shape);
      const wanted = [...(alone[at]?.logits?.data as Float32Array)];
      [...(logits?.data as Float32Array)].forEach((value, index) =>
        expect(value).toBeCloseTo(wanted[index] as number, 3),
      );
    }
  });

  it("whose rows depend on each other is run one by one, with the reason in the log", async () => {
    const folder = join(scratch, "mixing");
    cpSync(`${models}digits-onnx`, folder, { recursive: true });
    const rows = { type: ONNX_FLOAT, shape: ["n", 3] };
    writeFileSync(
      join(folder, "model/model.onnx"),
      buildOnnx({
        nodes: [{ op: "Softmax", inputs: ["x"], outputs: ["y"], attributes: { axis: 0 } }],
        inputs: [{ name: "x", ...rows }],
        outputs: [{ name: "y", ...rows }],
      }),
    );
    await using started = await start(folder);
    const { executor, lines } = started;
    const reason = "a row's y is another in a batch of 5 than alone";
    expect(executor.info).toMatchObject({ batching: undefined, noBatchingReason: reason });
    expect(lines).toContainEqual(["debug", "requests do not share runs", { model: "mixing", reason }]);
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        executor.run(tensorsJob({ x: tensor("FP32", [1, 3], [1, 2, 3]) }), never),
      ),
    );
    for (const { prediction } of answers) {
      expect(prediction).toMatchObject({ tensors: [{ data: Float32Array.of(1, 1, 1) }] });
    }
  });
});

/** A request of the property, and what may come of it. */
interface Wanted {
  readonly job: Job;
  readonly abortMs: number | undefined;
  readonly fail: string | undefined;
  readonly values: readonly number[];
}

const list = fc
  .record({
    values: fc.array(fc.nat(1000), { minLength: 0, maxLength: 20 }),
    waitMs: fc.constantFrom(0, 0, 0, 1, 3),
    fails: fc.constantFrom(false, false, false, false, true),
    abortMs: fc.constantFrom(undefined, undefined, undefined, 0, 1, 4),
  })
  .map(({ values, waitMs, fails, abortMs }): Wanted => {
    const fail = fails && values.length > 0 ? `bad ${values.join()}` : undefined;
    const instances = values.map((n, index) => ({
      n,
      ...(waitMs > 0 && { waitMs }),
      ...(index === 0 && fail !== undefined && { fail }),
    }));
    return { job: instancesJob(instances), abortMs, fail, values };
  });

const tensors = fc
  .record({
    rows: fc.integer({ min: 1, max: 20 }),
    width: fc.integer({ min: 1, max: 3 }),
    from: fc.nat(1000),
    fails: fc.constantFrom(false, false, false, true),
    abortMs: fc.constantFrom(undefined, undefined, undefined, 0, 2),
  })
  .map(({ rows, width, from, fails, abortMs }): Wanted => {
    const values = Array.from({ length: rows * width }, (_, at) => from + at);
    const data = fails ? [NaN, ...values.slice(1)] : values;
    const fail = fails ? "not a number" : undefined;
    return { job: tensorsJob({ x: tensor("FP32", [rows, width], data) }), abortMs, fail, values };
  });

async function check(
  executor: Executor,
  { job, abortMs, fail, values }: Wanted,
  delayMs: number,
): Promise<void> {
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  const abort = new AbortController();
  const timer = abortMs === undefined ? undefined : setTimeout(() => abort.abort(), abortMs);
  let ends = 0;
  const isTensors = job.payload.kind === "tensors";
  await executor.run(job, abort.signal).then(
    (result) => {
      ends++;
      expect(fail).toBeUndefined();
      const { prediction } = result;
      const got =
        prediction.kind === "tensors"
          ? [...(prediction.tensors[0]?.data as Float32Array)]
          : doublesOf(result);
      expect(prediction.kind).toBe(isTensors ? "tensors" : "array");
      expect(got).toEqual(values.map((value) => value * 2));
    },
    (error: unknown) => {
      ends++;
      if (error === abort.signal.reason && abort.signal.aborted) return;
      expect(fail).toBeDefined();
      expect((error as Error).message).toBe(`RangeError : ${fail}`);
    },
  );
  clearTimeout(timer);
  expect(ends).toBe(1);
}

describe("whatever comes, in whatever order", () => {
  it.each([
    ["batched", 1],
    ["batched", 2],
    ["batched-inline", 1],
  ])(
    "every caller gets its own answer or its own error, once (%s, %d workers)",
    { timeout: 60_000 },
    async (name, workers) => {
      await using started = await startFixture(name, { workers });
      const { executor } = started;
      const requests = fc.array(fc.tuple(fc.oneof(list, tensors), fc.constantFrom(0, 0, 0, 1, 2)), {
        minLength: 1,
        maxLength: 60,
      });
      await fc.assert(
        fc.asyncProperty(requests, async (wanted) => {
          await Promise.all(wanted.map(([one, delayMs]) => check(executor, one, delayMs)));
          await until(() => executor.load.running === 0);
          expect(executor.load).toMatchObject({ queued: 0, running: 0 });
        }),
        { numRuns: 40 },
      );
      const [longest] = valuesOf(await executor.run(instancesJob([{ longest: true }]), never));
      expect(longest).toBeGreaterThan(1);
    },
  );
});
