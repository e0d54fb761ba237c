import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { HttpError, InvalidInput } from "../../../contract/errors.ts";
import type { BatchingOptions, Predictor, RequestContext } from "../../../contract/predictor.ts";
import { type NamedTensors, type Tensor, strings, tensor } from "../../../contract/tensor.ts";
import type { Job, JobResult, PredictionStream } from "../../../runtime/pipeline/executor.ts";
import { InlineBatchExecutor } from "../../../runtime/pipeline/inline-batch-executor.ts";
import { instancesJob, never, tensorsJob, until, valuesOf } from "../workers/jobs.ts";
import { createRunner } from "./runners.ts";

async function batched(predictor: Predictor, options: BatchingOptions = {}, maxQueueSize = 100) {
  const runner = await createRunner({ ...predictor, batching: options });
  const { batching } = runner.info;
  if (batching === undefined) throw new Error("not batched");
  return new InlineBatchExecutor(runner, batching, maxQueueSize);
}

/** Runs jobs that come in one turn of the event loop. */
function together(executor: InlineBatchExecutor, jobs: readonly Job[]): Promise<JobResult[]> {
  return Promise.all(jobs.map((job) => executor.run(job, never)));
}

/** A predictor that answers each list with itself, and keeps what it got. */
function recorder() {
  const calls: unknown[] = [];
  const contexts: RequestContext[] = [];
  const predict = (_model: unknown, input: unknown, ctx: RequestContext): unknown => {
    calls.push(input);
    contexts.push(ctx);
    return input;
  };
  return { calls, contexts, predict };
}

describe("requests that wait together", () => {
  it("share a run, and each gets its own rows", async () => {
    const { calls, contexts, predict } = recorder();
    await using executor = await batched({ predict });
    const jobs = [[1], [2, 3], [4]].map((list, at) => ({ ...instancesJob(list), requestId: `r${at}` }));
    const answers = await together(executor, jobs);
    expect(answers.map(valuesOf)).toEqual([[1], [2, 3], [4]]);
    expect(calls).toEqual([[1, 2, 3, 4]]);
    expect(contexts[0]).toMatchObject({
      requestId: "r0",
      batch: { size: 4, requestIds: ["r0", "r1", "r2"] },
    });
    expect(answers.map(({ run }) => run)).toEqual([
      { requests: 3, rows: 4, leads: true },
      { requests: 3, rows: 4, leads: false },
      { requests: 3, rows: 4, leads: false },
    ]);
    const { sizes, bySize } = executor.runCounts;
    expect([sizes.count, sizes.sum]).toEqual([1, 4]);
    expect(bySize).toMatchObject([{ batch_size: 4, compute_infer: { count: 1 } }]);
  });

  it("join as tensors of the same names, datatypes and row shapes only, first come first served", async () => {
    const { calls, predict } = recorder();
    await using executor = await batched({ predict });
    const x = (rows: number, width: number, from: number) =>
      tensorsJob({
        x: tensor(
          "FP32",
          [rows, width],
          Float32Array.from({ length: rows * width }, (_, at) => from + at),
        ),
      });
    const other = tensorsJob({ x: tensor("INT64", [1, 2], [7n, 8n]) });
    const answers = await together(executor, [x(1, 2, 0), x(1, 3, 10), x(2, 2, 20), other, x(1, 3, 30)]);
    const rows = answers.map(
      ({ prediction }) => prediction.kind === "tensors" && [...(prediction.tensors[0]?.data ?? [])],
    );
    expect(rows).toEqual([
      [0, 1],
      [10, 11, 12],
      [20, 21, 22, 23],
      [7n, 8n],
      [30, 31, 32],
    ]);
    expect(calls.map((call) => (call as NamedTensors)["x"]?.shape)).toEqual([
      [3, 2],
      [2, 3],
      [1, 2],
    ]);
  });

  it("join as texts", async () => {
    const { calls, predict } = recorder();
    await using executor = await batched({ predict });
    const words = (...texts: string[]) => tensorsJob({ w: tensor("BYTES", [texts.length], texts) });
    const answers = await together(executor, [words("a", "b"), words("c")]);
    const texts = answers.map(
      ({ prediction }) => prediction.kind === "tensors" && strings(prediction.tensors[0] as Tensor<"BYTES">),
    );
    expect(texts).toEqual([["a", "b"], ["c"]]);
    expect(calls).toHaveLength(1);
  });

  it("fill a batch no further than maxBatchSize; one that has more runs alone", async () => {
    const { calls, predict } = recorder();
    await using executor = await batched({ predict }, { maxBatchSize: 3 });
    const lists = [[1], [2, 3, 4, 5], [6], [7, 8], [9]];
    const answers = await together(
      executor,
      lists.map((list) => instancesJob(list)),
    );
    expect(answers.map(valuesOf)).toEqual(lists);
    expect(calls).toEqual([[1], [2, 3, 4, 5], [6, 7, 8], [9]]);
  });

  it("do not join where their parameters differ, which predict may read", async () => {
    const { calls, contexts, predict } = recorder();
    await using executor = await batched({ predict });
    const job = (value: number, k: unknown) => ({ ...instancesJob([value]), parameters: { k } });
    await together(executor, [job(1, "a"), job(2, "b"), job(3, "a")]);
    expect(calls).toEqual([[1, 3], [2]]);
    expect(contexts.map(({ parameters }) => parameters["k"])).toEqual(["a", "b"]);
  });

  it("are prepared and finished one by one", async () => {
    const calls: unknown[] = [];
    await using executor = await batched({
      preProcess: async ({ instances }, { requestId }) =>
        instances.map((value) => `${requestId}:${String(value)}`),
      predict: (_model, input) => {
        calls.push(input);
        return {
          upper: (input as string[]).map((text) => text.toUpperCase()),
          lengths: Uint8Array.of(1, 2, 3),
        };
      },
      postProcess: async (raw, { requestId }) => ({ requestId, ...(raw as object) }),
    });
    const jobs = [["x"], ["y", "z"]].map((list, at) => ({ ...instancesJob(list), requestId: `r${at}` }));
    const answers = await together(executor, jobs);
    expect(calls).toEqual([["r0:x", "r1:y", "r1:z"]]);
    expect(answers.map(({ prediction }) => prediction)).toEqual([
      { kind: "object", value: { requestId: "r0", upper: ["R0:X"], lengths: Uint8Array.of(1) } },
      { kind: "object", value: { requestId: "r1", upper: ["R1:Y", "R1:Z"], lengths: Uint8Array.of(2, 3) } },
    ]);
    expect(answers.every(({ timings }) => timings.preProcess > 0 && timings.postProcess > 0)).toBe(true);
  });

  it("get memory of their own, so that one cannot touch another's answer", async () => {
    await using executor = await batched({ predict: (_model, input) => input });
    const x = () => tensorsJob({ x: tensor("FP32", [1, 4000], new Float32Array(4000).fill(1)) });
    const answers = await together(executor, [x(), x()]);
    const [one, other] = answers.map(
      ({ prediction }) => prediction.kind === "tensors" && prediction.tensors[0],
    );
    if (!one || !other) throw new Error("no tensors");
    expect((one.data as Float32Array).buffer).not.toBe((other.data as Float32Array).buffer);
    (one.data as Float32Array).fill(9);
    expect(other.data).toEqual(new Float32Array(4000).fill(1));
  });

  it("explain alone", async () => {
    const explained: unknown[] = [];
    await using executor = await batched({
      predict: (_model, input) => input,
      explain: (_model, input) => {
        explained.push(input);
        return { because: input };
      },
    });
    await together(executor, [instancesJob([1], "explain"), instancesJob([2], "explain")]);
    expect(explained).toEqual([[1], [2]]);
  });

  it("run alone where what they are is no list of rows", async () => {
    const { calls, predict } = recorder();
    await using executor = await batched({
      preProcess: ({ instances }) => instances.length,
      predict: (...all) => [predict(...all)],
    });
    const answers = await together(executor, [instancesJob([1]), instancesJob([2, 3])]);
    expect(calls).toEqual([1, 2]);
    expect(answers.map(valuesOf)).toEqual([[1], [2]]);
  });
});

describe("a shared run that fails", () => {
  const settled = async (executor: InlineBatchExecutor, jobs: readonly Job[]) =>
    (await Promise.allSettled(jobs.map((job) => executor.run(job, never)))).map((one) =>
      one.status === "fulfilled" ? valuesOf(one.value) : (one.reason as { code: string; message: string }),
    );

  it.each([
    [new RangeError("negative"), { code: "KTS_PREDICTOR_FAILED", message: "RangeError : negative" }],
    [new InvalidInput("negative"), { code: "KTS_INVALID_INPUT", message: "negative" }],
  ])("with %s fails only who is at fault", async (thrown, expected) => {
    const calls: unknown[] = [];
    await using executor = await batched({
      predict: async (_model, input) => {
        calls.push(input);
        if ((input as number[]).some((value) => value < 0)) throw thrown;
        return input;
      },
    });
    const outcomes = await settled(executor, [instancesJob([1]), instancesJob([-1]), instancesJob([2, 3])]);
    expect(outcomes).toMatchObject([[1], expected, [2, 3]]);
    expect(calls).toEqual([[1, -1, 2, 3], [1], [-1], [2, 3]]);
  });

  it("with an error about all of them fails all, without another try", async () => {
    let calls = 0;
    await using executor = await batched({
      predict: () => {
        calls++;
        throw new HttpError(503, "the model server is away");
      },
    });
    const outcomes = await settled(executor, [instancesJob([1]), instancesJob([2])]);
    expect(outcomes).toMatchObject([{ status: 503 }, { status: 503 }]);
    expect(calls).toBe(1);
  });

  it("in one's preProcess or postProcess is that one's alone", async () => {
    await using executor = await batched({
      preProcess: ({ instances }) => {
        if (instances[0] === "pre") throw new InvalidInput("pre is not allowed");
        return instances;
      },
      predict: (_model, input) => input,
      postProcess: (raw) => {
        if ((raw as unknown[])[0] === "post") throw new Error("post");
        return raw;
      },
    });
    const outcomes = await settled(
      executor,
      ["pre", "fine", "post"].map((word) => instancesJob([word])),
    );
    expect(outcomes).toMatchObject([
      { code: "KTS_INVALID_INPUT" },
      ["fine"],
      { code: "KTS_PREDICTOR_FAILED", message: "Error : post" },
    ]);
  });

  it.each([
    [[1], "the answer has 1 rows for 2 instances"],
    [{ a: [1, 2], b: "text" }, 'b is the string "text", which cannot be told by instance'],
    ["text", 'the answer is the string "text", which cannot be told by instance'],
    [new Float32Array(5), "the answer has 5 elements for 2 instances"],
    [tensor("FP32", [], [1]), "the answer has 0 rows for 2 instances"],
  ])(
    "because of an answer %j fails all of them; and one alone as well, not only under load",
    async (answer, message) => {
      await using executor = await batched({ predict: () => answer });
      const expected = { code: "KTS_BAD_PREDICTION", message };
      const outcomes = await settled(executor, [instancesJob([1]), instancesJob([2])]);
      expect(outcomes).toMatchObject([expected, expected]);
      await expect(executor.run(instancesJob([1, 2]), never)).rejects.toMatchObject(expected);
    },
  );
});

describe("an abort", () => {
  it("takes a request out before its run", async () => {
    const { calls, predict } = recorder();
    await using executor = await batched({ predict });
    const abort = new AbortController();
    const gone = executor.run(instancesJob([1]), abort.signal);
    const stays = executor.run(instancesJob([2]), never);
    abort.abort();
    await expect(gone).rejects.toBe(abort.signal.reason);
    expect(valuesOf(await stays)).toEqual([2]);
    expect(calls).toEqual([[2]]);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
  });

  it("reaches the predictor of a shared run with the last of its requests", async () => {
    const seen: AbortSignal[] = [];
    const started = Promise.withResolvers<void>();
    await using executor = await batched({
      predict: async (_model, input, { signal }) => {
        seen.push(signal);
        started.resolve();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return input;
      },
    });
    const aborts = [new AbortController(), new AbortController()] as const;
    const all = aborts.map(({ signal }) => executor.run(instancesJob([1]), signal));
    const ended = Promise.allSettled(all);
    await started.promise;
    aborts[0].abort();
    expect(seen[0]?.aborted).toBe(false);
    aborts[1].abort();
    expect(seen[0]?.aborted).toBe(true);
    expect((await ended).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await until(() => executor.load.running === 0);
    for (const { signal } of aborts) expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("waiting for others", () => {
  it("is not longer than until a batch is full", async () => {
    const { calls, predict } = recorder();
    // Longer than the test may take: only a full batch lets them go.
    await using executor = await batched({ predict }, { maxBatchSize: 3, maxDelayMs: 1_000_000 });
    const one = executor.run(instancesJob([1]), never);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(executor.load).toMatchObject({ queued: 1, running: 0 });
    await together(executor, [instancesJob([2, 3])]);
    expect(valuesOf(await one)).toEqual([1]);
    expect(calls).toEqual([[1, 2, 3]]);
  });

  it("ends after maxDelayMs, and what came by then goes together", async () => {
    const { calls, predict } = recorder();
    await using executor = await batched({ predict }, { maxDelayMs: 30 });
    const one = executor.run(instancesJob([1]), never);
    await new Promise((resolve) => setTimeout(resolve, 1));
    const [two] = await Promise.all([executor.run(instancesJob([2]), never), one]);
    expect(calls).toEqual([[1, 2]]);
    expect(two.timings.queue).toBeGreaterThan(0);
    expect((await one).timings.queue).toBeGreaterThanOrEqual(29);
  });

  it("ends in time for the deadline", async () => {
    const { predict } = recorder();
    await using executor = await batched({ predict }, { maxDelayMs: 1_000_000 });
    const soon = { ...instancesJob([1]), deadlineAt: performance.now() + 20 };
    expect(valuesOf(await executor.run(soon, never))).toEqual([1]);
    const past = { ...instancesJob([2]), deadlineAt: performance.now() - 1 };
    const [waits] = await together(executor, [instancesJob([3]), past]);
    expect(waits && valuesOf(waits)).toEqual([3]);
  });

  it("is refused beyond what may wait", async () => {
    await using executor = await batched(
      { predict: () => new Promise(() => undefined) },
      { maxBatchSize: 1 },
      1,
    );
    const waiting = Promise.allSettled([1, 2].map((value) => executor.run(instancesJob([value]), never)));
    await expect(executor.run(instancesJob([3]), never)).rejects.toMatchObject({ code: "KTS_QUEUE_FULL" });
    await executor[Symbol.asyncDispose]();
    void waiting;
  });
});

describe("streams beside shared runs", () => {
  /** Its streams, and its runs, each wait for their gate. */
  function gated() {
    const begun: string[] = [];
    const gates = new Map<string, PromiseWithResolvers<void>>();
    const wait = async (name: string) => {
      begun.push(name);
      const gate = Promise.withResolvers<void>();
      gates.set(name, gate);
      await gate.promise;
    };
    const predict = (_model: unknown, input: unknown) => {
      const names = input as string[];
      if (names[0]?.startsWith("run") === true) return wait(names.join("+")).then(() => names);
      return (async function* () {
        await wait(names[0] as string);
        yield [names[0]];
      })();
    };
    return { begun, predict, open: (name: string) => gates.get(name)?.resolve() };
  }

  const read = async (stream: PredictionStream) => {
    const answers: unknown[] = [];
    for await (const prediction of stream) answers.push(prediction);
    return answers.length;
  };

  it("keep to the predictor's concurrency together with the runs, first come first served", async () => {
    const { begun, predict, open } = gated();
    await using executor = await batched({ predict, concurrency: 2 });
    const one = read(executor.stream(instancesJob(["one"]), never));
    const two = read(executor.stream(instancesJob(["two"]), never));
    const runs = together(executor, [instancesJob(["run1"]), instancesJob(["run2"])]);
    const three = read(executor.stream(instancesJob(["three"]), never));
    await until(() => begun.length === 2);
    expect(executor.load).toMatchObject({ queued: 3, running: 2 });
    open("one");
    expect(await one).toBe(1);
    await until(() => begun.length === 3);
    expect(begun).toEqual(["one", "two", "run1+run2"]);
    open("run1+run2");
    expect((await runs).flatMap(valuesOf)).toEqual(["run1", "run2"]);
    await until(() => begun.length === 4);
    open("two");
    open("three");
    expect(await Promise.all([two, three])).toEqual([1, 1]);
    expect(executor.load).toMatchObject({ queued: 0, running: 0 });
  });

  it("are refused beyond what may wait, and never run once their reader has left", async () => {
    const { begun, predict, open } = gated();
    await using executor = await batched({ predict, concurrency: 1 }, {}, 1);
    const one = read(executor.stream(instancesJob(["one"]), never));
    const waiting = executor.stream(instancesJob(["two"]), never);
    const refused = executor.stream(instancesJob(["three"]), never);
    await expect(refused.next()).rejects.toMatchObject({ code: "KTS_QUEUE_FULL" });
    await waiting.return();
    expect(executor.load).toMatchObject({ queued: 0, running: 1 });
    open("one");
    expect(await one).toBe(1);
    expect(begun).toEqual(["one"]);
  });

  it("start at once where the predictor does not limit them", async () => {
    const { begun, predict, open } = gated();
    await using executor = await batched({ predict });
    const names = ["one", "two", "three"];
    const all = names.map((name) => read(executor.stream(instancesJob([name]), never)));
    await until(() => begun.length === 3);
    names.forEach(open);
    expect(await Promise.all(all)).toEqual([1, 1, 1]);
  });
});
