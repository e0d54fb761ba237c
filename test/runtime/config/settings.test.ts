import { describe, expect, it } from "vitest";
import type { KserveConfig } from "../../../contract/config.ts";
import { layerOptions, modelSettings, underlayFile } from "../../../runtime/config/settings.ts";
import { optionsFromEnvironment } from "../../../runtime/option-values.ts";
import { defaultServerOptions } from "../../../runtime/options.ts";

const environment = optionsFromEnvironment({ KSERVE_TS_WORKERS: "3" });

/** The workers of model m. */
function workers(
  layers: Parameters<typeof layerOptions>[0],
  config: KserveConfig,
  own: KserveConfig = {},
): number {
  return modelSettings("m", layerOptions({ ...config.server, ...layers }), config, own).workers;
}

describe("an option of the server", () => {
  it("has its default where nothing says otherwise", () => {
    expect(layerOptions({}).options).toEqual(defaultServerOptions());
  });

  it("takes the file's value over its default", () => {
    expect(layerOptions({ file: { workers: 2 } }).options.workers).toBe(2);
  });

  it("takes the environment's value over its default", () => {
    expect(layerOptions({ environment }).options.workers).toBe(3);
  });

  it("takes the flag's value over its default", () => {
    expect(layerOptions({ flags: { workers: 4 } }).options.workers).toBe(4);
  });

  it("takes the environment's value over the file's", () => {
    expect(layerOptions({ file: { workers: 2 }, environment }).options.workers).toBe(3);
  });

  it("takes the flag's value over the file's", () => {
    expect(layerOptions({ file: { workers: 2 }, flags: { workers: 4 } }).options.workers).toBe(4);
  });

  it("takes the flag's value over the environment's", () => {
    expect(layerOptions({ environment, flags: { workers: 4 } }).options.workers).toBe(4);
  });

  it("takes a flag's value over the file's also where it is the default", () => {
    const { options } = underlayFile(
      { ...defaultServerOptions(), workers: 1 },
      { workers: 2 },
      new Set(["workers"]),
    );
    expect(options.workers).toBe(1);
  });

  it("counts as chosen, where nobody says what was, when it is not its default", () => {
    const given = { ...defaultServerOptions(), workers: 5 };
    const { options } = underlayFile(given, { workers: 2, maxQueueSize: 7 });
    expect([options.workers, options.maxQueueSize]).toEqual([5, 7]);
  });
});

describe("a setting of a model", () => {
  const models = { m: { workers: 6 } };

  it("is the server's option where no file has it", () => {
    expect(workers({ flags: { workers: 4 } }, {})).toBe(4);
    expect(workers({ file: { workers: 2 } }, {})).toBe(2);
  });

  it("is the repository's default for its models, over the server's option", () => {
    expect(workers({ file: { workers: 2 } }, { model: { workers: 5 } })).toBe(5);
  });

  it("is the model folder's own, over the repository's default", () => {
    expect(workers({}, { model: { workers: 5 } }, { model: { workers: 8 } })).toBe(8);
  });

  it("is what the repository says of that model, over the model folder's own", () => {
    expect(workers({}, { models }, { model: { workers: 8 } })).toBe(6);
    expect(workers({}, { models: { other: { workers: 6 } } }, { model: { workers: 8 } })).toBe(8);
  });

  it("is the environment's value over any file's", () => {
    expect(workers({ environment }, { models }, { model: { workers: 8 } })).toBe(3);
  });

  it("is the flag's value over any file's, and the environment's", () => {
    expect(workers({ environment, flags: { workers: 4 } }, { models })).toBe(4);
  });
});

describe("what only files say of a model", () => {
  const settings = (config: KserveConfig, flags = {}) => modelSettings("m", layerOptions({ flags }), config);

  it("is the predictor's own batching where they say nothing of it", () => {
    expect(settings({}).batching).toBeUndefined();
    expect(settings({ model: { batching: false } }).batching).toBe(false);
  });

  it("is its ONNX settings, member by member under the server's options", () => {
    const config = { model: { onnx: { allowSpinning: false, executionProviders: ["cuda"] } } };
    expect(settings(config).onnx).toEqual(config.model.onnx);
    expect(settings(config, { onnxExecutionProviders: "cpu" }).onnx).toEqual({
      allowSpinning: false,
      executionProviders: ["cpu"],
    });
  });
});
