import { describe, expect, it } from "vitest";
import type { Prediction } from "../../contract/inference.ts";
import { tensor } from "../../contract/tensor.ts";
import { DEFAULT_LIMITS } from "../../protocol/limits.ts";
import { DataPlane } from "../../runtime/data-plane.ts";
import type { EntryContext } from "../../runtime/models/model-entry.ts";
import { ModelRepository } from "../../runtime/models/model-repository.ts";
import { ServedModel } from "../../runtime/served-model.ts";
import { fixture, instancesJob, never, startFixture, tensorsJob } from "./workers/jobs.ts";

describe("a stream of the data plane", () => {
  it("gets what infer gets: instances stacked by the signature, tensors checked against it", async () => {
    await using started = await startFixture("own-load");
    await using model = new ServedModel(await fixture("own-load"));
    model.loaded(started.executor, 1000);
    model.markReady();
    // The model is handed over: the repository is not asked for it.
    const plane = new DataPlane(new ModelRepository({} as EntryContext), DEFAULT_LIMITS);
    const read: Prediction[] = [];
    const instances = instancesJob([
      [1, 1],
      [10, 0],
    ]);
    for await (const prediction of plane.inferStream(model, instances, never)) read.push(prediction);
    expect(read).toMatchObject([{ kind: "tensors", tensors: [{ name: "y", data: Float32Array.of(5, 20) }] }]);
    const misshapen = tensorsJob({ x: tensor("FP32", [1, 3], [1, 2, 3]) });
    expect(() => plane.inferStream(model, misshapen, never)).toThrow(
      "inputs[0].shape: expected [-1, 2] for input x, got [1, 3]",
    );
    // What does not fit never reaches the model, so it does not count.
    expect(model.metrics.instances.count).toBe(1);
  });
});
