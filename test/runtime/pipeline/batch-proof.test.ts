import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadWithEngine } from "../../../runtime/engines/engine.ts";
import { whyRowsDepend } from "../../../runtime/pipeline/batch-proof.ts";
import { type GraphOptions, ONNX_FLOAT, ONNX_INT64, buildOnnx } from "../engines/onnx-builder.ts";
import { createModelRunner, createRunner } from "./runners.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "proof-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the trial says of a model of one input x [n, 3] and one output y. */
async function verdict(name: string, graph: Partial<GraphOptions>): Promise<string | undefined> {
  const modelFile = join(folder, `${name}.onnx`);
  const rows = { type: ONNX_FLOAT, shape: ["n", 3] };
  const bytes = buildOnnx({
    nodes: [],
    inputs: [{ name: "x", ...rows }],
    outputs: [{ name: "y", ...rows }],
    ...graph,
  });
  writeFileSync(modelFile, bytes);
  const engine = await loadWithEngine({ modelFile, resolveFrom: [], intraOpThreads: 1 });
  try {
    return await whyRowsDepend(engine);
  } finally {
    await engine.dispose();
  }
}

const node = (op: string, attributes: Readonly<Record<string, number>> = {}) => [
  { op, inputs: ["x"], outputs: ["y"], attributes },
];

describe("trying a model out", () => {
  it("finds rows that do not depend on each other", async () => {
    expect(await verdict("relu", { nodes: node("Relu") })).toBeUndefined();
    expect(await verdict("softmax", { nodes: node("Softmax", { axis: 1 }) })).toBeUndefined();
  });

  it("finds a softmax over the rows", async () => {
    expect(await verdict("rows-softmax", { nodes: node("Softmax", { axis: 0 }) })).toMatch(
      /^a row's y is another in a batch of \d than alone$/,
    );
  });

  it("finds a running sum over the rows", async () => {
    const nodes = [{ op: "CumSum", inputs: ["x", "axis"], outputs: ["y"] }];
    expect(await verdict("running-sum", { nodes, integers: { axis: [0] } })).toBe(
      "a row's y is another in a batch of 5 than alone",
    );
  });

  it("trusts no model that answers every row alike", async () => {
    const nodes = [{ op: "Sub", inputs: ["x", "x"], outputs: ["y"] }];
    expect(await verdict("zero", { nodes })).toMatch(/^all rows give the same/);
  });

  it("is not done where the signature does not allow a batch", async () => {
    const flat = { type: ONNX_FLOAT, shape: ["n"] };
    const one = { inputs: [{ name: "x", ...flat }], outputs: [{ name: "y", ...flat }] };
    expect(await verdict("flat", { ...one, nodes: node("Relu") })).toBe(
      "its input x has no dimension beside the first",
    );
    const fixed = { type: ONNX_FLOAT, shape: [1, 3] };
    const single = { inputs: [{ name: "x", ...fixed }], outputs: [{ name: "y", ...fixed }] };
    expect(await verdict("fixed", { ...single, nodes: node("Relu") })).toBe(
      "the first dimension of x is not open",
    );
    // What onnxruntime finds out about y is what counts, not what the file says.
    const nodes = node("ReduceSum", { keepdims: 1 }).map((sum) => ({ ...sum, inputs: ["x", "axis"] }));
    expect(await verdict("sum", { nodes, integers: { axis: [0] } })).toBe(
      "the first dimension of y is not open",
    );
    const shape = { outputs: [{ name: "y", type: ONNX_INT64, shape: [2] }], nodes: node("Shape") };
    expect(await verdict("shape", shape)).toBe("the first dimension of y is not open");
  });
});

describe("whether requests share runs", () => {
  it.each(["digits-onnx", "iris-onnx", "mlp-small-onnx"])("is found out by itself (%s)", async (name) => {
    await using runner = await createModelRunner(name);
    expect(runner.info.noBatchingReason).toBeUndefined();
    expect(runner.info.batching).toEqual({ maxBatchSize: 64, maxDelayMs: 0, automatic: true });
  });

  it("is the predictor's to say, and off where its predict is its own", async () => {
    await using off = await createModelRunner("iris-onnx", { batching: false });
    expect(off.info.noBatchingReason).toBe("batching is false");
    const predict = () => [1];
    const own = await createRunner({ predict });
    expect(own.info.batching).toBeUndefined();
    const on = await createRunner({ predict, batching: true });
    expect(on.info.batching).toEqual({ maxBatchSize: 64, maxDelayMs: 0, automatic: false });
    const tuned = await createRunner({ predict, batching: { maxBatchSize: 8, maxDelayMs: 2.5 } });
    expect(tuned.info.batching).toEqual({ maxBatchSize: 8, maxDelayMs: 2.5, automatic: false });
  });
});
