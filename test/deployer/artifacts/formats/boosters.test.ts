import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MODELS } from "../temp-model.ts";
import { pack, pathsOf, refusal, warningsOf } from "./pack.ts";

const UBJ = readFileSync(join(MODELS, "iris-xgboost/model-ubj/model.ubj"));
const JSON_MODEL = readFileSync(join(MODELS, "iris-xgboost/model-json/model.json"));
const LIGHTGBM = readFileSync(join(MODELS, "lightgbm-iris/model/model.bst"));

describe("an XGBoost model", () => {
  it("gets the ending of its content, by which XGBoost goes", async () => {
    expect(pathsOf(await pack({ "model.json": UBJ }))).toEqual(["model.ubj"]);
    expect(pathsOf(await pack({ "model.bst": JSON_MODEL }))).toEqual(["model.json"]);
    expect(pathsOf(await pack({ "iris.bst": UBJ }))).toEqual(["model.bst"]);
  });

  it("in JSON is refused before KServe 0.13, whose server takes .bst alone", async () => {
    const error = await refusal({ "model.json": JSON_MODEL }, { kserveVersion: "0.12" });
    expect(error.code).toBe("KTS_MODEL_UNSUPPORTED");
    expect(error.message).toContain(
      "expected a .bst file, the only one that the xgboost server of KServe v0.12 takes",
    );
    expect(pathsOf(await pack({ "model.json": JSON_MODEL }, { kserveVersion: "0.13" }))).toEqual([
      "model.json",
    ]);
  });

  it("in UBJSON is model.bst before KServe 0.13, with a warning", async () => {
    const model = await pack({ "model.ubj": UBJ }, { kserveVersion: "0.10" });
    expect(pathsOf(model)).toEqual(["model.bst"]);
    expect(warningsOf(model)).toContain("its XGBoost may be too old for it");
  });

  it("in the old binary format is warned of", async () => {
    const model = await pack({ "model.bst": Buffer.from("binf\0\0\0\x3f") });
    expect(pathsOf(model)).toEqual(["model.bst"]);
    expect(warningsOf(model)).toContain("XGBoost 3.1 and newer do not load");
  });

  it.each([
    ["JSON", "model.json", JSON_MODEL],
    ["UBJSON", "model.ubj", UBJ],
  ])("in %s that is cut short is refused", async (_, name, bytes) => {
    const error = await refusal({ [name]: bytes.subarray(0, bytes.length - 1) });
    expect(error.message).toContain("expected a whole XGBoost model, got one that is cut short or damaged");
  });

  it("that is a pickle is refused", async () => {
    const error = await refusal({ "model.bst": Buffer.from("\x80\x04N.", "latin1") }, { format: "xgboost" });
    expect(error.message).toContain("got a Python pickle, which XGBoost does not load");
  });
});

describe("a LightGBM model", () => {
  it("of any name lies in the store as model.bst", async () => {
    expect(pathsOf(await pack({ "iris.txt": LIGHTGBM }))).toEqual(["model.bst"]);
  });

  it("that is cut short is refused", async () => {
    const error = await refusal({ "model.bst": LIGHTGBM.subarray(0, 9000) });
    expect(error.message).toContain(
      "expected a whole LightGBM model, with the line end of trees, got one that is cut short",
    );
  });

  it("that is an XGBoost model is refused by what it is", async () => {
    const error = await refusal({ "model.bst": UBJ }, { format: "lightgbm" });
    expect(error.message).toContain("got an XGBoost model in UBJSON");
  });
});

describe("a PMML document", () => {
  const document = (version: string) =>
    `<?xml version="1.0"?>\n<PMML version="${version}"><Header/></PMML>\n`;

  it("of version 4 is taken", async () => {
    const model = await pack({ "a.pmml": document("4.4") });
    expect(pathsOf(model)).toEqual(["model.pmml"]);
    expect(model.frameworks).toEqual({ pmml: "4.4" });
  });

  it("of version 2, or cut short, is refused", async () => {
    expect((await refusal({ "a.pmml": document("2.1") })).message).toContain(
      "expected PMML 3 or 4, got version 2.1",
    );
    expect((await refusal({ "a.pmml": document("4.4").slice(0, -4) })).message).toContain("up to </PMML>");
  });
});

describe("a Paddle model", () => {
  it("is a program and its parameters", async () => {
    expect(pathsOf(await pack({ "m.pdmodel": "p", "m.pdiparams": "w" }))).toEqual([
      "m.pdiparams",
      "m.pdmodel",
    ]);
  });

  it("without its program, or with empty parameters, is refused", async () => {
    expect((await refusal({ "m.pdiparams": "w" })).message).toContain(
      "expected exactly one file with a program",
    );
    expect((await refusal({ "m.pdmodel": "p", "m.pdiparams": "" })).message).toContain("got an empty file");
  });
});
