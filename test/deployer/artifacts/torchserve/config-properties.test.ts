import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  checkConfigProperties,
  configProperties,
} from "../../../../deployer/artifacts/torchserve/config-properties.ts";
import { MODELS, failure } from "../temp-model.ts";

const DIGITS = { name: "digits.mar", model: { modelName: "digits", modelVersion: "1.0" } };

describe("configProperties", () => {
  it("writes the file that was served by TorchServe, given its settings", () => {
    const served = readFileSync(join(MODELS, "digits-pytorch/model/config/config.properties"), "utf8");
    expect(configProperties([DIGITS], { maxWorkers: 1, maxBatchDelayMs: 50 })).toBe(served);
  });

  it("starts the version of the archive, not a fixed one", () => {
    const text = configProperties([{ name: "a.mar", model: { modelName: "a", modelVersion: "2.3" } }]);
    const snapshot = JSON.parse(/^model_snapshot=(.*)$/m.exec(text)?.[1] ?? "");
    expect(snapshot).toEqual({
      name: "startup.cfg",
      modelCount: 1,
      models: {
        a: {
          "2.3": {
            defaultVersion: true,
            marName: "a.mar",
            minWorkers: 1,
            maxWorkers: 5,
            batchSize: 1,
            maxBatchDelay: 10,
            responseTimeout: 120,
          },
        },
      },
    });
  });

  it("keeps what the user's file sets, and adds the rest", () => {
    const text = configProperties([DIGITS], {}, "# mine\njob_queue_size=500");
    expect(text.startsWith("# mine\njob_queue_size=500\n")).toBe(true);
    expect(text.match(/^job_queue_size=/gm)).toHaveLength(1);
    expect(text).toContain("enable_envvars_config=true\n");
  });
});

describe("checkConfigProperties", () => {
  const check = (snapshot: string) => () =>
    checkConfigProperties("config.properties", `model_snapshot=${snapshot}`, [DIGITS]);

  it.each([
    [
      "an archive that is not there",
      '{"models":{"d":{"1.0":{"marName":"x.mar"}}}}',
      'expected a marName of model-store/: digits.mar, got "x.mar" for d',
    ],
    [
      "a version that the archive has not",
      '{"models":{"d":{"2.0":{"marName":"digits.mar"}}}}',
      "expected the version 1.0 of digits.mar, got 2.0",
    ],
    ["what is no JSON", "{", "expected model_snapshot in JSON"],
  ])("refuses %s", async (_, snapshot, reason) => {
    expect((await failure(check(snapshot))).message).toContain(reason);
  });

  it("refuses a file without a start-up list", async () => {
    const error = await failure(() => checkConfigProperties("config.properties", "a=b\n", [DIGITS]));
    expect(error.message).toContain("expected model_snapshot, from which KServe takes the models' names");
  });

  it("takes what configProperties writes", () => {
    expect(() => checkConfigProperties("c", configProperties([DIGITS]), [DIGITS])).not.toThrow();
  });
});
