import { describe, expect, it } from "vitest";
import { modelNameOf } from "../../../deployer/reach/model-name.ts";
import { serviceOf } from "../pods.ts";

describe("the name that a service's model is asked by", () => {
  const custom = (container: object) => serviceOf({ predictor: { containers: [container] } });
  const model = (settings: object, status = {}) => serviceOf({ predictor: { model: settings } }, status);

  it.each([
    ["the service's for a server of one's own", custom({ image: "x" }), "digits"],
    ["what such a server is told", custom({ args: ["--model_name", "mnist"] }), "mnist"],
    ["what its variable says", custom({ env: [{ name: "KSERVE_TS_MODEL_NAME", value: "mnist" }] }), "mnist"],
    ["the service's for a standard runtime", model({ modelFormat: { name: "sklearn" } }), "digits"],
    ["what a standard runtime is told", model({ args: ["--model-name=iris"] }), "iris"],
  ])("is %s", (_name, isvc, expected) => expect(modelNameOf(isvc)).toBe(expected));

  it("is what the server lists where Triton serves its folders", () => {
    expect(modelNameOf(model({ modelFormat: { name: "triton" } }))).toBeUndefined();
    const status = { clusterServingRuntimeName: "kserve-tritonserver" };
    expect(modelNameOf(model({ modelFormat: { name: "onnx" } }, status))).toBeUndefined();
  });
});
