import { describe, expect, it } from "vitest";
import { z } from "zod";
import { InvalidInput } from "../../../contract/errors.ts";
import type { Predictor } from "../../../contract/predictor.ts";
import { tensor } from "../../../contract/tensor.ts";
import { instancesJob, never, tensorsJob, valuesOf } from "../workers/jobs.ts";
import { createModelRunner, createRunner } from "./runners.ts";

const abort = { signal: never };

/** What predict gets. */
async function inputOf(
  predictor: Predictor,
  job: Parameters<typeof instancesJob>[0] | ReturnType<typeof tensorsJob>,
) {
  let seen: unknown;
  const runner = await createRunner({
    ...predictor,
    predict: (_model, input) => {
      seen = input;
      return [1];
    },
  });
  await runner.run("payload" in job ? job : instancesJob(job), abort);
  return seen;
}

const x2 = [{ name: "x", datatype: "FP32" as const, shape: [-1, 2] }];

describe("what predict gets", () => {
  const tensors = () => ({ x: tensor("FP32", [2, 2], [1, 2, 3, 4]) });

  it("is what preProcess returned, which sees both views of either protocol", async () => {
    const views = { inputs: x2, preProcess: (request: never) => readViews(request) };
    const readViews = (request: { kind: string; protocol: string; instances: unknown; tensors: object }) => ({
      ...{
        kind: request.kind,
        protocol: request.protocol,
        instances: request.instances,
        tensors: { ...request.tensors },
      },
    });
    const same = {
      instances: [
        [1, 2],
        [3, 4],
      ],
      tensors: tensors(),
    };
    expect(
      await inputOf(views, [
        [1, 2],
        [3, 4],
      ]),
    ).toEqual({ kind: "instances", protocol: "v1", ...same });
    expect(await inputOf(views, tensorsJob(tensors()))).toEqual({ kind: "tensors", protocol: "v2", ...same });
  });

  it("is the instances, checked and typed by the schema, from either protocol", async () => {
    const instance = z.array(z.number()).transform((numbers) => numbers.length);
    expect(await inputOf({ instance }, [[1, 2], [3]])).toEqual([2, 1]);
    expect(await inputOf({ instance }, tensorsJob(tensors()))).toEqual([2, 2]);
  });

  it("is tensors by name where inputs are declared", async () => {
    const input = await inputOf({ inputs: x2 }, [
      [1, 2],
      [3, 4],
    ]);
    expect({ ...(input as object) }).toEqual(tensors());
  });

  it("is the request's own form otherwise", async () => {
    expect(await inputOf({}, [1, { a: 2 }])).toEqual([1, { a: 2 }]);
    const sent = tensors();
    expect(await inputOf({}, tensorsJob(sent))).toBe(sent);
  });
});

describe("the instance schema", () => {
  const instance = z.object({ age: z.number(), name: z.string() });

  it("refuses with the path of what does not fit", async () => {
    const runner = await createRunner({ instance, predict: () => [1] });
    const run = () => runner.run(instancesJob([{ age: 1, name: "x" }, { age: "old" }]), abort);
    expect(run).toThrow(InvalidInput);
    expect(run).toThrow(/^instances\[1\]\.age: .*expected number.* \(and 1 more\)$/);
  });

  it("may check asynchronously", async () => {
    const later = z.string().refine(async (word) => word !== "bad", "is bad");
    const runner = await createRunner({ instance: later, predict: (_model, words) => words });
    expect(valuesOf(await runner.run(instancesJob(["good"]), abort))).toEqual(["good"]);
    await expect(runner.run(instancesJob(["good", "bad"]), abort)).rejects.toThrow("instances[1]: is bad");
  });

  it("types the instances that preProcess reads, of V2 when they are read", async () => {
    const predictor: Predictor = {
      instance: z.array(z.number()).transform((row) => row.length),
      preProcess: (request) =>
        request.kind === "tensors" ? [...request.instances, "v2"] : request.instances,
      predict: (_model, input) => input,
    };
    const runner = await createRunner(predictor);
    expect(valuesOf(await runner.run(instancesJob([[1, 2, 3]]), abort))).toEqual([3]);
    const job = tensorsJob({ x: tensor("FP32", [1, 2], [1, 2]) });
    expect(valuesOf(await runner.run(job, abort))).toEqual([2, "v2"]);
  });
});

describe("a run", () => {
  it("answers without a promise where no stage makes one", async () => {
    const runner = await createRunner({ predict: (_model, input) => input });
    expect(runner.run(instancesJob([1]), abort)).toMatchObject({
      prediction: { kind: "array", values: [1] },
      timings: { queue: 0, preProcess: 0, postProcess: 0 },
    });
  });

  it("waits for every stage that makes one, and gives each the model and the context", async () => {
    const lines: unknown[] = [];
    const runner = await createRunner(
      {
        load: async ({ modelName, modelDir, env, log }) => {
          log.info("loading");
          return { modelName, modelDir, path: env["PATH"] !== undefined };
        },
        preProcess: async (request) => request.instances.map(Number),
        predict: async (model, numbers) => ({ model, numbers }),
        postProcess: async (raw, { requestId, headers, parameters, protocol, verb, modelName, log }) => {
          log.debug("done", { with: "it" });
          return { raw, ctx: { requestId, headers, parameters, protocol, verb, modelName } };
        },
      },
      (...line) => lines.push(line),
    );
    const { prediction, timings } = await runner.run(instancesJob(["1", "2"]), abort);
    expect(prediction).toEqual({
      kind: "object",
      value: {
        raw: { model: { modelName: "own", modelDir: "/none", path: true }, numbers: [1, 2] },
        ctx: {
          requestId: "r1",
          headers: { host: "here" },
          parameters: { p: 1 },
          protocol: "v1",
          verb: "predict",
          modelName: "own",
        },
      },
    });
    expect(timings.preProcess).toBeGreaterThan(0);
    expect(timings.postProcess).toBeGreaterThan(0);
    expect(lines).toEqual([
      ["info", "loading", { model: "own" }],
      ["debug", "done", { model: "own", requestId: "r1", with: "it" }],
    ]);
  });

  it("explains what preProcess made, past postProcess", async () => {
    const runner = await createRunner({
      outputs: x2,
      preProcess: (request) => request.instances.length,
      predict: () => [1],
      postProcess: () => [2],
      explain: (_model, count) => ({ because: count }),
    });
    expect(runner.info.explains).toBe(true);
    expect(runner.run(instancesJob([1, 2], "explain"), abort)).toMatchObject({
      prediction: { kind: "object", value: { because: 2 } },
    });
    const without = await createRunner({ predict: () => [1] });
    expect(() => without.run(instancesJob([], "explain"), abort)).toThrow("does not explain");
  });

  it("fails to load with what load threw", async () => {
    const load = () => {
      throw new RangeError("too big");
    };
    await expect(createRunner({ load, predict: () => 1 })).rejects.toMatchObject({
      code: "KTS_LOAD_FAILED",
      message: "load threw RangeError : too big",
    });
    const refuse = () => Promise.reject(new InvalidInput("as it is"));
    await expect(createRunner({ load: refuse, predict: () => 1 })).rejects.toMatchObject({
      message: "as it is",
    });
  });
});

describe("on top of a model file", () => {
  const pixels = () => ({ pixels: tensor("FP32", [1, 1, 28, 28], new Float32Array(784)) });

  it("the engine's signature is the wire's, where nothing of the predictor's is in between", async () => {
    await using runner = await createModelRunner("digits-onnx");
    expect(runner.info).toMatchObject({
      platform: "onnxruntime",
      takesTensors: true,
      inputs: [{ name: "pixels", datatype: "FP32", shape: [-1, 1, 28, 28] }],
      outputs: [{ name: "logits", datatype: "FP32", shape: [-1, 10] }],
    });
    expect(runner.answersAreNew).toBe(true);
  });

  it("predict gets the engine's model, and may answer with anything", async () => {
    await using runner = await createModelRunner("digits-onnx", {
      predict: async (model, input) => {
        const { logits } = await (model as { run(input: unknown): Promise<Record<string, unknown>> }).run(
          input,
        );
        return { logits, engine: (model as { engine: string }).engine };
      },
    });
    expect(runner.info.outputs).toEqual([]);
    const { prediction } = await runner.run(tensorsJob(pixels()), abort);
    expect(prediction).toMatchObject({ kind: "object", value: { engine: "onnxruntime" } });
  });

  it("the engine runs on what preProcess returned, and postProcess gets its outputs", async () => {
    await using runner = await createModelRunner("digits-onnx", {
      preProcess: (request) => ({
        pixels: tensor("FP32", [request.instances.length, 1, 28, 28], new Float32Array(1568)),
      }),
      postProcess: (outputs) =>
        (outputs as ReturnType<typeof pixels> & { logits: { shape: number[] } }).logits.shape,
    });
    expect(valuesOf(await runner.run(instancesJob(["a", "b"]), abort))).toEqual([2, 10]);
  });

  it("refuses what preProcess returned when it is no tensors", async () => {
    await using runner = await createModelRunner("digits-onnx", { preProcess: () => [1, 2] });
    expect(() => runner.run(instancesJob([1]), abort)).toThrow(
      "preProcess must return tensors by input name",
    );
  });

  it("refuses a declared signature that does not fit the file, with what differs", async () => {
    const inputs = [{ name: "pixel", datatype: "FP64" as const, shape: [-1] }];
    const outputs = [{ name: "logits", datatype: "FP64" as const, shape: [-1] }];
    await expect(createModelRunner("digits-onnx", { inputs })).rejects.toMatchObject({
      code: "KTS_PREDICTOR_INVALID",
      message:
        "inputs do not fit the model file: pixel is declared, but the model has none of that name; pixels (FP32) of the model is not declared",
    });
    await expect(createModelRunner("digits-onnx", { outputs })).rejects.toMatchObject({
      message: "outputs do not fit the model file: logits is declared as FP64, but is FP32 in the model",
    });
    // What stands in between may convert.
    await using runner = await createModelRunner("digits-onnx", { inputs, outputs, predict: () => [[1]] });
    expect(runner.info.inputs).toBe(inputs);
  });
});
