import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, CutShort, memoryBytes } from "../../../../deployer/artifacts/readers/byte-reader.ts";
import { NotPickle, readPickle } from "../../../../deployer/artifacts/readers/pickle.ts";
import { MODELS } from "../temp-model.ts";

const read = (bytes: Uint8Array | string) =>
  readPickle(
    new ByteReader(memoryBytes(Buffer.from(bytes as string, "latin1"))),
    new Set(["_sklearn_version"]),
  );

const IRIS = readFileSync(join(MODELS, "iris-sklearn/model/model.joblib"));

describe("readPickle", () => {
  it("finds what a joblib file imports, with arrays between its opcodes", () => {
    const report = read(IRIS);
    expect(report.complete).toBe(true);
    expect(report.protocol).toBe(4);
    expect([...report.globals].sort()).toEqual([
      "joblib.numpy_pickle NumpyArrayWrapper",
      "numpy dtype",
      "numpy ndarray",
      "numpy._core.multiarray scalar",
      "sklearn.linear_model._logistic LogisticRegression",
      "sklearn.pipeline Pipeline",
      "sklearn.preprocessing._data StandardScaler",
    ]);
    expect(report.attributes.get("_sklearn_version")).toBe("1.5.2");
  });

  it("says of every shorter part of a file that it is cut short", () => {
    for (let length = 0; length < IRIS.length; length++) {
      expect(() => read(IRIS.subarray(0, length)), `${length} bytes`).toThrow(CutShort);
    }
  });

  it.each([
    ["protocol 0", "(dp0\nVa\np1\nI1\nsVb\nL2L\ns."],
    ["a call", "cbuiltins\nset\n((lI1\naF2.5\natR."],
    ["an instance of old", "(imod\nThing\nN(dVx\nI1\nsb."],
    ["frames and memory", "\x80\x04\x95\x09\0\0\0\0\0\0\0]\x94(K\x01K\x02e."],
    ["long and binary", "\x80\x02(\x8a\x02\xff\x00U\x02abC\x01x\x88\x89Nt."],
  ])("reads %s to its end", (_, text) => {
    expect(read(text).complete).toBe(true);
  });

  it("refuses a protocol that is to come", () => {
    expect(() => read("\x80\x09N.")).toThrow(NotPickle);
  });

  it("gives an error of its own for any bytes, and never hangs", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          expect(error instanceof CutShort || error instanceof NotPickle, String(error)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("gives an error of its own for a file with bytes changed", () => {
    fc.assert(
      fc.property(fc.nat(IRIS.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(IRIS);
        bytes[at] = byte;
        try {
          read(bytes);
        } catch (error) {
          expect(error instanceof CutShort || error instanceof NotPickle, String(error)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
