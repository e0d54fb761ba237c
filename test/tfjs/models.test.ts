import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkExamples } from "../runtime/model-examples.ts";
import { serveFolder } from "../runtime/serving.ts";
import { type Project, createProject } from "./project.ts";

let project: Project;
beforeAll(() => {
  project = createProject();
});
afterAll(() => {
  project[Symbol.dispose]();
});

const examples = (name: string) => new URL(`../fixtures/models/${name}/examples.json`, import.meta.url);

describe.each([
  ["digits-tensorflow", "tensorflow"],
  ["mnist-shape-tensorflow", "tensorflow"],
  ["tfjs-digits", "tensorflowjs-node"],
  ["tfjs-graph-digits", "tensorflowjs-node"],
])("the model %s, with no code and tfjs-node", (name, platform) => {
  it("answers V1, V2 and V2 with binary tensors as TensorFlow does", async () => {
    await using server = await serveFolder(project.model(name));
    expect(server.model.info).toMatchObject({ platform });
    await checkExamples(server, examples(name));
  });

  it("is served by two workers, which hold no tensor more after it", async () => {
    await using server = await serveFolder(project.model(name), { options: { workers: 2 } });
    const gauge = new RegExp(`^kserve_ts_tensorflow_tensors\\{model_name="${name}"\\} (\\d+)$`, "m");
    const tensors = async () => gauge.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1];
    const before = await tensors();
    await Promise.all(Array.from({ length: 4 }, () => checkExamples(server, examples(name))));
    expect(before).toMatch(/^\d+$/);
    expect(await tensors()).toBe(before);
  });
});

describe("a SavedModel in the layout of TensorFlow Serving", () => {
  it("has the version that its folder says", async () => {
    await using server = await serveFolder(project.model("digits-tensorflow"));
    const metadata: unknown = await (await fetch(`${server.url}/v2/models/digits-tensorflow`)).json();
    expect(metadata).toMatchObject({
      versions: ["1"],
      platform: "tensorflow",
      inputs: [{ name: "images", datatype: "FP32", shape: [-1, 8, 8] }],
      outputs: [{ name: "probabilities", datatype: "FP32", shape: [-1, 10] }],
    });
  });
});
