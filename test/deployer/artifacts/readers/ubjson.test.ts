import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, CutShort, memoryBytes } from "../../../../deployer/artifacts/readers/byte-reader.ts";
import { NotUbjson, readUbjson } from "../../../../deployer/artifacts/readers/ubjson.ts";
import { MODELS } from "../temp-model.ts";

const WANTED = new Set(["version", "learner.objective.name", "learner.learner_model_param.num_class"]);
const read = (bytes: Uint8Array) => readUbjson(new ByteReader(memoryBytes(bytes)), WANTED);
const IRIS = readFileSync(join(MODELS, "iris-xgboost/model-ubj/model.ubj"));

describe("readUbjson", () => {
  it("finds values by their paths, as in the same model's JSON", () => {
    const json = JSON.parse(readFileSync(join(MODELS, "iris-xgboost/model-json/model.json"), "utf8"));
    expect(Object.fromEntries(read(IRIS))).toEqual({
      version: json.version,
      "learner.objective.name": json.learner.objective.name,
      "learner.learner_model_param.num_class": json.learner.learner_model_param.num_class,
    });
  });

  it("says of every shorter part of a file that it is cut short", () => {
    for (let length = 0; length < IRIS.length; length += 97) {
      expect(() => read(IRIS.subarray(0, length)), `${length} bytes`).toThrow(CutShort);
    }
  });

  it("gives an error of its own for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        try {
          read(Buffer.concat([Buffer.from("{"), bytes]));
        } catch (error) {
          expect(error instanceof CutShort || error instanceof NotUbjson, String(error)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
