import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { configJsonSchema } from "../../scripts/config-schema.ts";

describe("the JSON Schema of config files", () => {
  const validate = new Ajv2020({ strict: false }).compile(configJsonSchema());

  it.each([
    {},
    { server: { httpPort: 8080, modelDir: "weights", logLevel: "debug" } },
    { model: { batching: { maxBatchSize: 8 }, versions: [1, 2] }, models: { digits: { workers: 2 } } },
    { deploy: { predictor: "sklearn", model: "s3://a/b" }, targets: { prod: { namespace: "ml" } } },
    { test: { predictor: "remote" } },
    { build: { of: "another part" } },
  ])("takes %j", (config) => {
    expect(validate(config)).toBe(true);
  });

  it.each([
    { server: { httpport: 8080 } },
    { server: { httpPort: "8080" } },
    { model: { wrokers: 2 } },
    { models: { digits: { batching: { maxBatchSize: 0 } } } },
    { test: { predictr: "remote" } },
    { deploy: { replicsa: 2 } },
    { targets: { prod: { deploy: { cpu: 1 } } } },
  ])("marks %j", (config) => {
    expect(validate(config)).toBe(false);
  });
});
