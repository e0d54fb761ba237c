import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tensor } from "../../../contract/tensor.ts";
import { discoverModel } from "../../../runtime/models/discover.ts";
import { startExecutor } from "../../../runtime/workers/start-executor.ts";
import { fixture, instancesJob, never, startFixture, tensorsJob, valuesOf } from "./jobs.ts";

const digits = new URL("../../fixtures/models/digits-onnx/", import.meta.url).pathname;
const settings = { workers: 1, intraOpThreads: 1, maxQueueSize: 10, log: () => undefined };

interface Example {
  readonly v2Request: { inputs: { shape: number[]; data: number[] }[] };
  readonly v2Response: { outputs: { shape: number[]; data: number[] }[] };
}

/** The first example's images, and the logits they give. */
function example() {
  const [first] = JSON.parse(readFileSync(`${digits}examples.json`, "utf8")) as Example[];
  const image = first?.v2Request.inputs[0];
  const logits = first?.v2Response.outputs[0];
  if (image === undefined || logits === undefined) throw new Error("the example has no tensors");
  return { pixels: tensor("FP32", image.shape, image.data), logits };
}

async function startOnDigits(name: string) {
  return startExecutor(await fixture(name, `${digits}model`), settings);
}

describe("a worker runs", () => {
  it("an ONNX model with no code at all", async () => {
    await using executor = await startExecutor(await discoverModel(digits), settings);
    const { pixels, logits } = example();
    const { prediction } = await executor.run(tensorsJob({ pixels }), never);
    if (prediction.kind !== "tensors") throw new Error(prediction.kind);
    const [answer] = prediction.tensors;
    expect(answer).toMatchObject({ name: "logits", datatype: "FP32", shape: logits.shape });
    logits.data.forEach((value, at) => expect(answer?.data[at]).toBeCloseTo(value, 3));
  });

  it("a predictor that calls the engine's model", async () => {
    await using executor = await startOnDigits("on-onnx");
    const { pixels, logits } = example();
    const { prediction } = await executor.run(tensorsJob({ pixels }), never);
    const rows = Array.from({ length: logits.shape[0] ?? 0 }, (_, row) =>
      logits.data.slice(row * 10, row * 10 + 10),
    );
    const expected = rows.map((row) => BigInt(row.indexOf(Math.max(...row))));
    expect(prediction).toMatchObject({
      tensors: [{ name: "digit", datatype: "INT64", data: BigInt64Array.from(expected) }],
    });
  });

  it("a predictor with nothing but a postProcess on top of the engine", async () => {
    await using executor = await startOnDigits("post-onnx");
    const { pixels } = example();
    const { prediction } = await executor.run(tensorsJob({ pixels }), never);
    expect(prediction).toEqual({ kind: "object", value: { classes: 10, rows: pixels.shape[0] } });
  });

  it("no predictor that declares what its model file has not", async () => {
    await expect(startOnDigits("misdeclared-onnx")).rejects.toMatchObject({
      code: "KTS_PREDICTOR_INVALID",
      message: expect.stringContaining("pixel is declared, but the model has none of that name") as string,
    });
  });

  it("every stage of a predictor, with its context", async () => {
    await using started = await startFixture("all-stages");
    const { prediction, timings } = await started.executor.run(instancesJob([1, "2"]), never);
    expect(prediction).toEqual({
      kind: "object",
      value: { sums: [101, 102], seenBy: "r1", path: "v1 predict all-stages" },
    });
    expect(timings.postProcess).toBeGreaterThan(0);
    expect(valuesOf(await started.executor.run(instancesJob([7], "explain"), never))).toEqual([
      "because of 7",
    ]);
  });

  it("a predictor with a zod schema", async () => {
    await using started = await startFixture("schema");
    const { executor } = started;
    expect(executor.info.takesTensors).toBe(false);
    expect(valuesOf(await executor.run(instancesJob([{ age: 1, tags: ["a"] }, { age: 5 }]), never))).toEqual([
      2, 5,
    ]);
    await expect(executor.run(instancesJob([{ age: 1.5 }]), never)).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/^instances\[0\]\.age: .*expected int/) as string,
    });
  });
});
