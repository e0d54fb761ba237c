import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { isKtsError } from "../../../contract/errors.ts";
import type { Predictor } from "../../../contract/predictor.ts";
import { tensor } from "../../../contract/tensor.ts";
import { InlineExecutor } from "../../../runtime/pipeline/inline-executor.ts";
import { instancesJob, never, startFixture, tensorsJob, valuesOf } from "../workers/jobs.ts";
import { createRunner } from "./runners.ts";

async function inline(predictor: Predictor, maxQueueSize = 10): Promise<InlineExecutor> {
  return new InlineExecutor(await createRunner(predictor), maxQueueSize);
}

describe("an inline predictor", () => {
  it.each(["inline-echo", "inline-hidden"])("is found and runs on this thread (%s)", async (name) => {
    await using started = await startFixture(name);
    const { executor } = started;
    expect(executor).toBeInstanceOf(InlineExecutor);
    expect(executor.info.execution).toBe("inline");
    expect(executor.load).toEqual({ queued: 0, running: 0, workers: 1 });
    expect(valuesOf(await executor.run(instancesJob([1, "two"]), never))).toEqual([1, "two"]);
  });

  it("keeps memory that the answer shows, and frees the rest of the request's", async () => {
    const echo = await inline({ predict: (_model, input) => input });
    const x = () => tensor("FP32", [5000], new Float32Array(5000).fill(7));
    const { prediction } = await echo.run(tensorsJob({ x: x() }), never);
    expect(prediction).toMatchObject({ tensors: [{ name: "x", data: x().data }] });
    const sum = await inline({ predict: () => "done" });
    const sent = x();
    await sum.run(tensorsJob({ x: sent }), never);
    expect(sent.data).toHaveLength(0);
  });

  it("lets any number of calls be under way where it does not say", async () => {
    const gate = Promise.withResolvers<readonly number[]>();
    await using executor = await inline({ predict: () => gate.promise });
    const all = Array.from({ length: 5 }, () => executor.run(instancesJob([]), never));
    expect(executor.load).toEqual({ queued: 0, running: 5, workers: 1 });
    gate.resolve([1]);
    expect((await Promise.all(all)).flatMap(valuesOf)).toEqual([1, 1, 1, 1, 1]);
    expect(executor.load.running).toBe(0);
  });

  it("keeps to its concurrency; the rest waits, and more than may wait is refused", async () => {
    const gates = Array.from({ length: 3 }, () => Promise.withResolvers<readonly number[]>());
    let calls = 0;
    await using executor = await inline({ concurrency: 1, predict: () => gates[calls++]?.promise }, 2);
    const all = Array.from({ length: 3 }, () => executor.run(instancesJob([]), never));
    expect(executor.load).toMatchObject({ queued: 2, running: 1 });
    await expect(executor.run(instancesJob([]), never)).rejects.toMatchObject({ code: "KTS_QUEUE_FULL" });
    gates.forEach((gate, at) => gate.resolve([at]));
    const answers = await Promise.all(all);
    expect(answers.flatMap(valuesOf)).toEqual([0, 1, 2]);
    expect(answers[2]?.timings.queue).toBeGreaterThan(0);
    expect(calls).toBe(3);
  });

  it("is left at once by an abort, running or waiting, and leaves no listener", async () => {
    const gate = Promise.withResolvers<readonly number[]>();
    await using executor = await inline({ concurrency: 1, predict: () => gate.promise });
    const abort = new AbortController();
    const running = executor.run(instancesJob([]), abort.signal);
    const waiting = executor.run(instancesJob([]), abort.signal);
    abort.abort();
    await expect(running).rejects.toBe(abort.signal.reason);
    await expect(waiting).rejects.toBe(abort.signal.reason);
    expect(executor.load).toMatchObject({ queued: 0, running: 1 });
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
    await expect(executor.run(instancesJob([]), abort.signal)).rejects.toBe(abort.signal.reason);
    gate.resolve([1]);
  });

  it("gives the request's own signal to the predictor", async () => {
    let seen: AbortSignal | undefined;
    await using executor = await inline({
      predict: (_model, _input, ctx) => {
        seen = ctx.signal;
        return [1];
      },
    });
    const abort = new AbortController();
    await executor.run(instancesJob([]), abort.signal);
    expect(seen).toBe(abort.signal);
  });

  it("fails with the predictor's error, thrown or rejected", async () => {
    for (const predict of [() => Promise.reject(new TypeError("no")), () => JSON.parse("{") as unknown]) {
      await using executor = await inline({ predict });
      const error: unknown = await executor.run(instancesJob([]), never).catch((thrown: unknown) => thrown);
      if (!isKtsError(error)) throw new Error("not one of ours");
      expect(error.code).toBe("KTS_PREDICTOR_FAILED");
      expect(error.message).toMatch(/^(TypeError : no|SyntaxError : Expected)/);
      expect(error.cause).toBeInstanceOf(Error);
      expect(executor.load.running).toBe(0);
    }
  });

  it("is unloaded once", async () => {
    let unloaded = 0;
    const executor = await inline({ load: () => "m", predict: () => [1], unload: () => unloaded++ });
    await executor[Symbol.asyncDispose]();
    await executor[Symbol.asyncDispose]();
    expect(unloaded).toBe(1);
    expect(executor.notReadyReason).toBe("It has been unloaded.");
    await expect(executor.run(instancesJob([]), never)).rejects.toMatchObject({ code: "KTS_SHUTTING_DOWN" });
  });
});
