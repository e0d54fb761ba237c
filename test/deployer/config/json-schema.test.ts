import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { deployJsonSchema } from "../../../deployer/config/json-schema.ts";

describe("the JSON Schema for editors", () => {
  const validate = new Ajv2020({ strict: false }).compile(deployJsonSchema());

  it.each([
    { deploy: { name: "digits", minReplicas: 1, model: { uri: "s3://a/b" }, secret: { hf_token: "x" } } },
    { server: { workers: 2 }, targets: { prod: { namespace: "ml", deploy: { gpu: 1 } } } },
  ])("takes %j", (config) => {
    expect(validate(config)).toBe(true);
  });

  it.each([
    { deploy: { nmae: "digits" } },
    { deploy: { predictor: "keras" } },
    { targets: { prod: { deploymentMode: "Serverless" } } },
  ])("marks %j", (config) => {
    expect(validate(config)).toBe(false);
  });

  it("describes the settings", () => {
    expect(JSON.stringify(deployJsonSchema())).toContain(
      "Name of the InferenceService. Default: the folder's name.",
    );
  });
});
