import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { Prediction } from "../../../contract/inference.ts";
import { InvalidInput } from "../../../contract/errors.ts";
import type { Executor, PredictionStream } from "../../../runtime/pipeline/executor.ts";
import { STREAM_WINDOW } from "../../../runtime/pipeline/pending-stream.ts";
import { instancesJob, never, startFixture, until, valuesOf } from "./jobs.ts";

function listOf(prediction: Prediction): readonly unknown[] {
  if (prediction.kind !== "array") throw new Error(`the prediction is ${prediction.kind}`);
  return prediction.values;
}

async function readAll(stream: PredictionStream): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const prediction of stream) read.push(...listOf(prediction));
  return read;
}

/** What happened in the predictor since the last time, asked by a stream of its own. */
async function eventsOf(executor: Executor): Promise<readonly unknown[]> {
  return readAll(executor.stream(instancesJob([{ ask: true }]), never));
}

/** The fixture, which inline is the same module for every test, with nothing to tell. */
async function fresh(fixture: string) {
  const started = await startFixture(fixture);
  await eventsOf(started.executor);
  return started;
}

/** Starts a stream of so many answers. */
function counting(executor: Executor, options: Readonly<Record<string, unknown>>, signal = never) {
  return executor.stream(instancesJob([options]), signal);
}

describe.each(["streaming", "streaming-inline"])("a stream (%s)", (fixture) => {
  it("gives the answers as they come, and its timings at the end", async () => {
    await using started = await fresh(fixture);
    const { executor } = started;
    const stream = counting(executor, { count: 3, gated: true });
    const first = [await stream.next(), await stream.next(), await stream.next()];
    expect(first.map(({ value }) => value && listOf(value)[0])).toEqual([0, 1, 2]);
    expect(executor.load).toMatchObject({ queued: 0, running: 1 });
    await stream.return();
    const whole = counting(executor, { count: 30, wait: 1 });
    expect(await readAll(whole)).toEqual(Array.from({ length: 30 }, (_, at) => at));
    expect(whole.timings.predict).toBeGreaterThan(25);
    expect(whole.timings.postProcess).toBeGreaterThan(0);
    await until(() => executor.load.running === 0);
  });

  it("is never far ahead of its reader", async () => {
    await using started = await fresh(fixture);
    const { executor } = started;
    const stream = counting(executor, { count: 1000 });
    const read: unknown[] = [];
    for (let at = 0; at < 100; at++) {
      const { value } = await stream.next();
      read.push(value && listOf(value)[0]);
    }
    await stream.return();
    await until(() => executor.load.running === 0);
    const events = await eventsOf(executor);
    expect(read).toEqual(Array.from({ length: 100 }, (_, at) => at));
    const given = events.filter((event) => typeof event === "number").length;
    expect(given).toBeGreaterThanOrEqual(100);
    expect(given).toBeLessThanOrEqual(100 + STREAM_WINDOW);
    expect(events.at(-1)).toBe("finally");
  });

  it("that its reader leaves ends in the predictor: the signal aborts, finally runs", async () => {
    await using started = await fresh(fixture);
    const { executor } = started;
    for await (const prediction of counting(executor, { count: 5, gated: true })) {
      if (listOf(prediction)[0] === 4) break;
    }
    await until(() => executor.load.running === 0);
    expect(await eventsOf(executor)).toEqual([0, 1, 2, 3, 4, "abort", "finally"]);
  });

  it("is ended by an abort, which rejects with its reason and leaves no listener", async () => {
    await using started = await fresh(fixture);
    const { executor } = started;
    const abort = new AbortController();
    const stream = counting(executor, { count: 1, gated: true }, abort.signal);
    await stream.next();
    const next = stream.next();
    abort.abort(new InvalidInput("the reason"));
    await expect(next).rejects.toBe(abort.signal.reason);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await until(() => executor.load.running === 0);
    expect(await eventsOf(executor)).toEqual([0, "abort", "finally"]);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
    await expect(counting(executor, { count: 1 }, abort.signal).next()).rejects.toBe(abort.signal.reason);
  });

  it("that throws gives what came before, then the error", async () => {
    await using started = await fresh(fixture);
    const { executor } = started;
    const stream = counting(executor, { count: 5, failAt: 2 });
    expect(listOf((await stream.next()).value as Prediction)).toEqual([0]);
    // Both the answer and the failure are there before anybody asks for them.
    await until(() => executor.load.running === 0);
    expect(listOf((await stream.next()).value as Prediction)).toEqual([1]);
    await expect(stream.next()).rejects.toMatchObject({
      code: "KTS_PREDICTOR_FAILED",
      message: "RangeError : no 2",
    });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await eventsOf(executor)).toEqual([0, 1, "finally"]);
  });

  it("gives each answer memory of its own", async () => {
    await using started = await fresh(fixture);
    const blocks: unknown[] = [];
    for await (const prediction of counting(started.executor, { count: 3, size: 5000 })) {
      if (prediction.kind !== "tensors") throw new Error(prediction.kind);
      const data = prediction.tensors[0]?.data as Float32Array;
      expect(data).toEqual(new Float32Array(5000).fill(blocks.length));
      blocks.push(data.buffer);
    }
    expect(new Set(blocks).size).toBe(3);
  });

  it("asked for as one answer is collected: arrays as a list of them, tensors joined", async () => {
    await using started = await fresh(fixture);
    const { executor } = started;
    const whole = await executor.run(instancesJob([{ count: 3 }]), never);
    expect(valuesOf(whole)).toEqual([[0], [1], [2]]);
    expect(valuesOf(await executor.run(instancesJob([{ count: 0 }]), never))).toEqual([]);
    const { prediction } = await executor.run(instancesJob([{ count: 2, size: 2 }]), never);
    expect(prediction).toMatchObject({ tensors: [{ shape: [4], data: Float32Array.of(0, 0, 1, 1) }] });
    await expect(executor.run(instancesJob([{ count: 2, failAt: 1 }]), never)).rejects.toMatchObject({
      message: "RangeError : no 1",
    });
  });

  it("that is under way when the model is unloaded fails", async () => {
    const started = await fresh(fixture);
    const stream = counting(started.executor, { count: 1, gated: true });
    await stream.next();
    const next = expect(stream.next()).rejects.toMatchObject({ code: "KTS_SHUTTING_DOWN" });
    await started[Symbol.asyncDispose]();
    await next;
    await expect(counting(started.executor, { count: 1 }).next()).rejects.toMatchObject({
      code: "KTS_SHUTTING_DOWN",
    });
  });
});

describe("a stream in a worker", () => {
  it("that dies gives what came before, then KTS_WORKER_DIED", async () => {
    await using started = await startFixture("streaming");
    const stream = counting(started.executor, { count: 5, exitAt: 2, wait: 1 });
    await stream.next();
    await stream.next();
    await expect(stream.next()).rejects.toMatchObject({ code: "KTS_WORKER_DIED" });
    expect(await readAll(counting(started.executor, { count: 2 }))).toEqual([0, 1]);
  });

  it("waits for room, and is never run once its reader has left", async () => {
    await using started = await startFixture("streaming");
    const { executor } = started;
    const busy = counting(executor, { count: 1, gated: true });
    await busy.next();
    const waits = counting(executor, { count: 1 });
    const leaves = counting(executor, { count: 7 });
    expect(executor.load).toMatchObject({ queued: 2, running: 1 });
    await leaves.return();
    expect(await leaves.next()).toEqual({ done: true, value: undefined });
    await busy.return();
    expect(await readAll(waits)).toEqual([0]);
    expect(waits.timings.queue).toBeGreaterThan(0);
    expect((await eventsOf(executor)).filter((event) => event === 6)).toEqual([]);
  });

  it("of a predictor that is none gives its one answer", async () => {
    await using started = await startFixture("echo");
    expect(await readAll(started.executor.stream(instancesJob([1, "two"]), never))).toEqual([1, "two"]);
    await using batched = await startFixture("batched");
    const stream = batched.executor.stream(instancesJob([{ n: 4 }]), never);
    expect(await readAll(stream)).toMatchObject([{ double: 8, size: 1 }]);
  });
});
