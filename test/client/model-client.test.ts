import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GrpcInferenceClient, InferenceClient } from "../../client/index.ts";
import { definePredictor, tensor } from "../../contract/index.ts";
import { ECHO, type TestServer, servePredictor } from "../runtime/serving.ts";
import { answeringJson, failureOf } from "./fixed-server.ts";

const _echo = definePredictor({
  inputs: [
    { name: "x", datatype: "FP32", shape: [-1] },
    { name: "y", datatype: "FP32", shape: [-1], optional: true },
  ],
  outputs: [{ name: "x", datatype: "FP32", shape: [-1] }],
  predict: (_model, { x }) => x,
});

const x = tensor("FP32", [2], [1, 2]);

describe("a model's client", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await servePredictor(ECHO);
  });
  afterAll(() => server.stop());

  it("asks its model over REST", async () => {
    using client = new InferenceClient(server.url);
    const model = client.model<typeof _echo>("m");
    expect(model.name).toBe("m");
    expect(await model.ready()).toBe(true);
    expect((await model.metadata()).name).toBe("m");
    expect((await model.infer({ x, y: undefined })).outputs).toEqual({ x });
    expect(await model.predict<number[]>([1, 2])).toEqual([1, 2]);
    expect(await failureOf(model.explain([1]))).toMatchObject({ status: 501 });
  });

  it("asks its model over gRPC", async () => {
    using client = new GrpcInferenceClient(`127.0.0.1:${server.grpcPort}`);
    const model = client.model<typeof _echo>("m");
    expect(await model.ready()).toBe(true);
    expect((await model.metadata()).name).toBe("m");
    expect((await model.infer({ x })).outputs.x.data).toEqual(x.data);
    expect(await failureOf(client.model("m", "7").infer({ x }))).toMatchObject({
      message: expect.stringContaining("ersion") as string,
    });
  });

  it("asks its version, unless a call names another", async () => {
    await using fixed = await answeringJson({ model_name: "m", name: "m", outputs: [] });
    using client = new InferenceClient(fixed.url);
    const model = client.model("m", "2");
    await model.infer({ x });
    await model.metadata({ version: "3" });
    expect(fixed.seen.map(({ url }) => url)).toEqual([
      "/v2/models/m/versions/2/infer",
      "/v2/models/m/versions/3",
    ]);
  });
});
