import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InvalidInput, isKtsError } from "../../../contract/errors.ts";
import { tensor } from "../../../contract/tensor.ts";
import { fixture, instancesJob, never, startFixture, tensorsJob, until, valuesOf } from "./jobs.ts";

let scratch = "";
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "pool-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true });
});

describe("a pool of workers", () => {
  it("answers, with the stages' times, and tells what it loaded", async () => {
    await using started = await startFixture("own-load");
    const { executor, lines } = started;
    expect(executor.info).toMatchObject({
      platform: "kserve-ts",
      takesTensors: true,
      explains: false,
      execution: "worker",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1] }],
    });
    const { prediction, timings } = await executor.run(
      tensorsJob({ x: tensor("FP32", [2, 2], [1, 1, 10, 0]) }),
      never,
    );
    expect(prediction).toEqual({
      kind: "tensors",
      tensors: [{ name: "y", datatype: "FP32", shape: [2], data: Float32Array.of(5, 20) }],
    });
    expect(timings).toMatchObject({ preProcess: 0, postProcess: 0 });
    expect(timings.queue).toBeGreaterThan(0);
    expect(lines).toContainEqual(["info", "weights read", { model: "own-load", count: 2 }]);
  });

  it("runs every worker, and answers in order of arrival to each", async () => {
    await using started = await startFixture("worker-tricks", { workers: 3 });
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => started.executor.run(instancesJob(["thread"]), never)),
    );
    expect(new Set(answers.flatMap(valuesOf)).size).toBe(3);
    expect(started.executor.load).toEqual({ queued: 0, running: 0, workers: 3 });
  });

  it("answers each of many requests with its own answer", async () => {
    await using started = await startFixture("echo", { workers: 2 });
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, at) => started.executor.run(instancesJob([at, `t${at}`]), never)),
    );
    answers.forEach((answer, at) => expect(valuesOf(answer)).toEqual([at, `t${at}`]));
  });

  it("runs as many calls at once in a worker as the predictor's concurrency", async () => {
    await using started = await startFixture("policy");
    expect(started.executor.info.timeoutMs).toBe(1234);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => started.executor.run(instancesJob([20]), never)),
    );
    expect(Math.max(...answers.flatMap(valuesOf).map(Number))).toBe(4);
  });

  it("lets no slow request hold back the answer of a fast one in the same message", async () => {
    await using started = await startFixture("worker-tricks");
    const { executor } = started;
    // Short ones first, so that the pool sends several at once.
    for (let at = 0; at < 30; at++) await executor.run(instancesJob(["ok"]), never);
    const abort = new AbortController();
    const first = executor.run(instancesJob(["fast"]), never);
    const slow = executor.run(instancesJob(["wait for abort"]), abort.signal);
    expect(valuesOf(await first)).toEqual(["fast"]);
    abort.abort();
    await expect(slow).rejects.toBe(abort.signal.reason);
  });

  it("refuses more than may wait, and says when to come again", async () => {
    await using started = await startFixture("worker-tricks", { maxQueueSize: 2 });
    const all = await Promise.allSettled(
      Array.from({ length: 5 }, () => started.executor.run(instancesJob(["busy", 5]), never)),
    );
    expect(all.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    const [refused] = all.filter((one) => one.status === "rejected");
    expect(refused?.reason).toMatchObject({ code: "KTS_QUEUE_FULL", status: 429, retryAfterSeconds: 1 });
  });
});

describe("memory", () => {
  const large = () => tensor("FP32", [10_000], new Float32Array(10_000).fill(3));

  it("moves a large input to the worker, and a large answer back", async () => {
    await using started = await startFixture("echo");
    const x = large();
    const { prediction } = await started.executor.run(tensorsJob({ x }), never);
    expect(x.data.length).toBe(0);
    expect(prediction).toMatchObject({ tensors: [{ name: "x", shape: [10_000] }] });
    expect(prediction.kind === "tensors" && prediction.tensors[0]?.data).toEqual(large().data);
  });

  it("moves a block that several tensors share once, and copies views of node's pool out", async () => {
    await using started = await startFixture("echo");
    const block = new ArrayBuffer(80_000);
    const views = [new Float32Array(block, 0, 10_000), new Float32Array(block, 40_000, 10_000)] as const;
    views[0].fill(1);
    views[1].fill(2);
    const pooled = Buffer.from("a text in the pool");
    const { prediction } = await started.executor.run(
      tensorsJob({
        a: tensor("FP32", [10_000], views[0]),
        b: tensor("FP32", [10_000], views[1]),
        c: tensor("BYTES", [1], [pooled]),
      }),
      never,
    );
    if (prediction.kind !== "tensors") throw new Error(prediction.kind);
    const [a, b, c] = prediction.tensors;
    expect([a?.data[9999], b?.data[0]]).toEqual([1, 2]);
    const text = c?.data[0] as Uint8Array;
    expect(Buffer.from(text).toString()).toBe("a text in the pool");
    expect(text.buffer.byteLength).toBe(text.byteLength);
    expect(pooled.toString()).toBe("a text in the pool");
  });

  it("copies a small part of a large input out, so that the rest can be freed", async () => {
    await using started = await startFixture("first-ten");
    const { prediction } = await started.executor.run(tensorsJob({ x: large() }), never);
    if (prediction.kind !== "tensors") throw new Error(prediction.kind);
    expect(prediction.tensors[0]?.data).toEqual(new Float32Array(10).fill(3));
    expect((prediction.tensors[0]?.data as Float32Array).buffer.byteLength).toBe(40);
  });

  it("takes nothing away that a predictor keeps and returns", async () => {
    await using started = await startFixture("keeps-table");
    for (const start of [0, 1, 2]) {
      const { prediction } = await started.executor.run(instancesJob([start]), never);
      if (prediction.kind !== "tensors") throw new Error(prediction.kind);
      const row = prediction.tensors[0]?.data as Float32Array;
      expect([row.length, row[0], row[4999]]).toEqual([5000, start, start + 4999]);
      expect(row.buffer.byteLength).toBe(row.byteLength);
    }
  });

  it("empties an input that a predictor keeps, so that it never shows another request", async () => {
    await using started = await startFixture("keeps-input");
    const seen = [];
    for (let at = 0; at < 3; at++) {
      seen.push(...valuesOf(await started.executor.run(tensorsJob({ x: large() }), never)));
    }
    expect(seen).toEqual([-1, 0, 0]);
  });
});

describe("errors of the predictor", () => {
  it("keep their code, status and path; anything else is a 500 in KServe's form, its stack kept for the log", async () => {
    await using started = await startFixture("throws");
    const outcome = async (what: string) => {
      const error: unknown = await started.executor
        .run(instancesJob([what]), never)
        .catch((thrown: unknown) => thrown);
      if (!isKtsError(error)) throw new Error("not one of ours");
      return error;
    };
    expect(await outcome("input")).toMatchObject({
      code: "KTS_INVALID_INPUT",
      status: 400,
      message: "instances[0]: expected something else",
    });
    expect(await outcome("status")).toMatchObject({ status: 402, message: "the monthly quota is used up" });
    const thrown = await outcome("throw");
    expect(thrown).toMatchObject({
      code: "KTS_PREDICTOR_FAILED",
      status: 500,
      message: "TypeError : no such thing",
    });
    expect(thrown.stack).toMatch(/TypeError: no such thing\n.*throws\/predictor\.js:\d+:\d+/);
    expect(await outcome("reject")).toMatchObject({ message: "RangeError : too far" });
    expect(await outcome("text")).toMatchObject({ message: "Error : just text" });
    expect(await outcome("function")).toMatchObject({ code: "KTS_BAD_PREDICTION", status: 500 });
  });
});

describe("an abort", () => {
  it("takes a waiting request out of the queue", async () => {
    await using started = await startFixture("worker-tricks");
    const { executor } = started;
    const abort = new AbortController();
    const end = new AbortController();
    const running = executor.run(instancesJob(["wait for abort"]), end.signal);
    await until(() => executor.load.running === 1);
    const waiting = executor.run(instancesJob(["never run"]), abort.signal);
    expect(executor.load.queued).toBe(1);
    abort.abort(new InvalidInput("the reason"));
    expect(executor.load.queued).toBe(0);
    await expect(waiting).rejects.toBe(abort.signal.reason);
    end.abort();
    await expect(running).rejects.toBe(end.signal.reason);
  });

  it("rejects a running request at once, and reaches the predictor's signal", async () => {
    await using started = await startFixture("worker-tricks");
    const { executor } = started;
    const abort = new AbortController();
    const running = executor.run(instancesJob(["wait for abort"]), abort.signal);
    await until(() => executor.load.running === 1);
    abort.abort();
    await expect(running).rejects.toBe(abort.signal.reason);
    expect(executor.load.running).toBe(1);
    // It ends only if the predictor saw the abort.
    await until(() => executor.load.running === 0);
    expect(valuesOf(await executor.run(instancesJob(["next"]), never))).toEqual(["next"]);
  });

  it("leaves no listener behind, whatever the end", async () => {
    await using started = await startFixture("worker-tricks");
    const { executor } = started;
    const abort = new AbortController();
    await executor.run(instancesJob(["ok"]), abort.signal);
    await executor.run({ ...instancesJob([]), verb: "explain" }, abort.signal).catch(() => undefined);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
    abort.abort();
    await expect(executor.run(instancesJob(["ok"]), abort.signal)).rejects.toBe(abort.signal.reason);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
  });

  it("that a predictor overruns ends its worker, which is replaced", async () => {
    await using started = await startFixture("worker-tricks", { tuning: { overrunMs: 20 } });
    const { executor, lines } = started;
    const abort = new AbortController();
    const stuck = executor.run(instancesJob(["loop"]), abort.signal);
    await until(() => executor.load.running === 1);
    abort.abort();
    await expect(stuck).rejects.toBe(abort.signal.reason);
    expect(valuesOf(await executor.run(instancesJob(["next"]), never))).toEqual(["next"]);
    expect(lines.map(([, message]) => message)).toContain(
      "a worker died and is replaced: Error: a predict went on long after its abort",
    );
  });
});

describe("a worker that dies", () => {
  it.each([
    [["exit", 3], "it exited with code 3", {}],
    [["memory"], "it ran out of memory", { resourceLimits: { maxOldGenerationSizeMb: 24 } }],
  ])("of %j fails only its own request and is replaced", async (instances, reason, tuning) => {
    await using started = await startFixture("worker-tricks", { tuning });
    const { executor } = started;
    const dying = executor.run(instancesJob(instances), never);
    const waiting = executor.run(instancesJob(["waited"]), never);
    await expect(dying).rejects.toMatchObject({
      code: "KTS_WORKER_DIED",
      status: 503,
      retryAfterSeconds: 1,
      message: `the worker died while it had this request: ${reason}`,
    });
    expect(valuesOf(await waiting)).toEqual(["waited"]);
    expect(executor.notReadyReason).toBeUndefined();
  });

  it("of an unhandled rejection is replaced, and its stack logged", async () => {
    await using started = await startFixture("worker-tricks");
    const { executor, lines } = started;
    await executor.run(instancesJob(["reject later"]), never).catch(() => undefined);
    await until(() => lines.length > 0);
    const [level, message, fields] = lines[0] as (typeof lines)[number];
    expect([level, message]).toEqual([
      "error",
      "a worker died and is replaced: Error: nobody waits for this",
    ]);
    expect(fields["stack"]).toMatch(/worker-tricks\/predictor\.js/);
    expect(valuesOf(await executor.run(instancesJob(["next"]), never))).toEqual(["next"]);
  });

  it("three times in a row while it starts is not replaced: the model is not ready, with the reason", async () => {
    vi.stubEnv("DIES_AFTER_READY_DIR", scratch);
    await using started = await startFixture("dies-after-ready");
    const { executor } = started;
    await expect(executor.run(instancesJob([]), never)).rejects.toMatchObject({ code: "KTS_WORKER_DIED" });
    const waiting = executor.run(instancesJob([]), never);
    const reason = "Its workers died 3 times in a row: it exited with code 9";
    await expect(waiting).rejects.toMatchObject({
      code: "KTS_MODEL_NOT_READY",
      message: `Model with name dies-after-ready is not ready. ${reason}`,
    });
    expect(executor.notReadyReason).toBe(reason);
    await expect(executor.run(instancesJob([]), never)).rejects.toMatchObject({
      code: "KTS_MODEL_NOT_READY",
    });
  });
});

describe("a model that does not load", () => {
  it.each([
    ["load-throws", "KTS_LOAD_FAILED", "load threw Error : the weights are gone"],
    [
      "load-exits",
      "KTS_WORKER_BOOT_FAILED",
      "the worker died while it loaded the model: it exited with code 7",
    ],
    [
      "misspelt",
      "KTS_PREDICTOR_INVALID",
      "predictor.js exports pre_process, which means nothing here; did you mean preProcess?",
    ],
    ["missing-import", "KTS_PREDICTOR_INVALID", "predictor.js imports a-package-that-nobody-has"],
  ])("%s", async (name, code, message) => {
    const error: unknown = await startFixture(name, { workers: 2 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toContain(message);
  });
});

describe("what a predictor says", () => {
  it("by ctx.log reaches the log with the request's id, even what cannot be cloned", async () => {
    await using started = await startFixture("worker-tricks");
    await started.executor.run(instancesJob(["log", 5]), never);
    expect(started.lines).toEqual([
      [
        "warn",
        "from predict",
        { model: "worker-tricks", requestId: "r1", argument: "5", callback: "() => 1" },
      ],
    ]);
  });

  it("by console.log reaches the server's stdout", async () => {
    const script = join(scratch, "serve.mjs");
    writeFileSync(
      script,
      `const { startExecutor } = await import(process.argv[2]);
      const settings = { workers: 1, intraOpThreads: 1, maxQueueSize: 1, log() {} };
      const executor = await startExecutor(JSON.parse(process.argv[3]), settings);
      const payload = { kind: "instances", instances: ["console", "hello from the worker"] };
      const job = { verb: "predict", protocol: "v1", requestId: "", headers: {}, parameters: {}, payload };
      await executor.run(job, new AbortController().signal);
      await executor[Symbol.asyncDispose]();`,
    );
    const url = new URL("../../../runtime/workers/start-executor.ts", import.meta.url).href;
    const source = JSON.stringify(await fixture("worker-tricks"));
    const { stdout } = await promisify(execFile)(process.execPath, [script, url, source]);
    expect(stdout).toBe("hello from the worker\n");
  });

  it("by its metrics is read from each worker", async () => {
    await using started = await startFixture("metrics", { workers: 2 });
    const { executor } = started;
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => executor.run(instancesJob([1, 2]), never)),
    );
    expect(answers.flatMap(valuesOf)).toEqual(Array.from({ length: 6 }, () => true));
    const perWorker = (await executor.userMetrics()) as { name: string; values: { value: number }[] }[][];
    expect(perWorker).toHaveLength(2);
    expect(perWorker.flat().every(({ name }) => name === "digits_seen_total")).toBe(true);
    const total = perWorker.flat().reduce((sum, { values }) => sum + (values[0]?.value ?? 0), 0);
    expect(total).toBe(12);
  });

  it("has no metrics where the predictor made none", async () => {
    await using started = await startFixture("echo");
    expect(await started.executor.userMetrics()).toEqual([]);
  });
});

describe("disposing", () => {
  it("fails the requests that are under way", async () => {
    const { executor } = await startFixture("worker-tricks");
    const running = executor.run(instancesJob(["wait for abort"]), never);
    const waiting = executor.run(instancesJob(["never run"]), never);
    await until(() => executor.load.running === 1);
    const ended = Promise.allSettled([running, waiting]);
    await executor[Symbol.asyncDispose]();
    expect(await ended).toMatchObject([
      { status: "rejected", reason: { code: "KTS_SHUTTING_DOWN" } },
      { status: "rejected", reason: { code: "KTS_SHUTTING_DOWN" } },
    ]);
  });

  it("runs unload in each worker and fails what waits", async () => {
    const mark = join(scratch, "mark");
    vi.stubEnv("UNLOAD_MARK", mark);
    const { executor } = await startFixture("unload");
    await executor[Symbol.asyncDispose]();
    expect(existsSync(mark)).toBe(true);
    await expect(executor.run(instancesJob([]), never)).rejects.toMatchObject({ code: "KTS_SHUTTING_DOWN" });
    expect(executor.load).toEqual({ queued: 0, running: 0, workers: 0 });
  });

  it("waits for unload no longer than it is told", async () => {
    vi.stubEnv("UNLOAD_MARK", "hang");
    const { executor } = await startFixture("unload", { tuning: { unloadMs: 20 } });
    await executor[Symbol.asyncDispose]();
  });
});
