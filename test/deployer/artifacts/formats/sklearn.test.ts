import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { MODELS } from "../temp-model.ts";
import { pack, pathsOf, refusal, warningsOf } from "./pack.ts";

const IRIS = readFileSync(join(MODELS, "iris-sklearn/model/model.joblib"));

describe("a scikit-learn model", () => {
  it.each([
    ["iris.pkl", "model.pkl"],
    ["iris.pickle", "model.pickle"],
    ["model", "model.joblib"],
  ])("named %s lies in the store as %s, which every release takes", async (name, path) => {
    expect(pathsOf(await pack({ [name]: IRIS }, { kserveVersion: "v0.9.0" }))).toEqual([path]);
  });

  it.each([
    ["zlib", deflateSync(IRIS)],
    ["gzip", gzipSync(IRIS)],
  ])("compressed by %s is looked into", async (_, bytes) => {
    const model = await pack({ "model.joblib": bytes });
    expect(model.frameworks).toEqual({ "scikit-learn": "1.5.2" });
  });

  it("compressed and cut short is refused", async () => {
    const error = await refusal({ "model.joblib": gzipSync(IRIS).subarray(0, 300) });
    expect(error.message).toContain("expected a whole compressed pickle, got one that does not unpack");
  });

  it("compressed by what Node.js does not know is taken, with a warning", async () => {
    const model = await pack({ "model.joblib": Buffer.from("BZh91AY&SY") });
    expect(warningsOf(model)).toContain("cannot be looked into");
  });

  it("is warned of as a pickle", async () => {
    expect(warningsOf(await pack({ "model.joblib": IRIS }))).toContain(
      "loading it runs what its author wrote",
    );
  });

  it("of another release than the server's is warned of", async () => {
    const newer = Buffer.from(IRIS.toString("latin1").replaceAll("1.5.2", "1.7.1"), "latin1");
    expect(warningsOf(await pack({ "model.joblib": newer }))).toContain(
      "was saved by scikit-learn 1.7.1, and KServe v0.20's server has 1.5.2",
    );
    expect(warningsOf(await pack({ "model.joblib": newer }, { ownRuntime: true }))).not.toContain("1.7.1");
    expect(warningsOf(await pack({ "model.joblib": IRIS }))).not.toContain("1.5.2");
  });

  it("that runs a command when it is loaded is refused", async () => {
    const error = await refusal({ "model.pkl": "cos\nsystem\n(S'echo hi'\ntR." });
    expect(error.code).toBe("KTS_MODEL_FILE_INVALID");
    expect(error.message).toContain("got one that calls os.system when it is loaded");
  });

  it("with a class of the training script is refused", async () => {
    const error = await refusal({ "model.pkl": "c__main__\nMyScaler\n(tR." });
    expect(error.code).toBe("KTS_MODEL_UNSUPPORTED");
    expect(error.message).toContain("got __main__.MyScaler, which was defined in the script");
  });

  it("that is a wrapper of XGBoost is refused, with the way to save its booster", async () => {
    const error = await refusal({ "model.pkl": "cxgboost.sklearn\nXGBClassifier\n(tR." });
    expect(error.message).toContain("needs xgboost, which KServe's sklearn server does not have");
    expect(error.hint).toContain("save_model");
  });

  it("that needs another package is warned of", async () => {
    const model = await pack({ "model.pkl": "cmycompany.features\nScaler\n(tR." });
    expect(warningsOf(model)).toContain("needs mycompany when it is loaded");
  });

  it("that is something else under its name is refused by what it is", async () => {
    const error = await refusal(
      { "model.joblib": Buffer.from("\x89HDF\r\n\x1a\n", "latin1") },
      { format: "sklearn" },
    );
    expect(error.message).toContain("expected a pickle of a scikit-learn model, got an HDF5 file");
    const page = await refusal({ "model.pkl": "<!DOCTYPE html><html>Sign in</html>" });
    expect(page.message).toContain("got a page of HTML");
  });

  it.each([
    ["0", "csklearn.svm\nSVC\n(tR."],
    ["1", "csklearn.svm\nSVC\nq\0)R."],
  ])("of pickle's protocol %s, which has no header, is looked into", async (_, text) => {
    expect(pathsOf(await pack({ "model.pkl": text }))).toEqual(["model.pkl"]);
    const error = await refusal({ "model.pkl": text.slice(0, -1) });
    expect(error.message).toContain("expected a whole pickle, got one that is cut short");
  });

  it("of gradient boosting needs no more than scikit-learn, though its loss calls itself _loss", async () => {
    expect(warningsOf(await pack({ "model.pkl": "c_loss\nCyHalfBinomialLoss\n(tR." }))).not.toContain(
      "needs",
    );
  });

  it("that is any other text or bytes is refused", async () => {
    expect((await refusal({ "model.pkl": "hello" })).message).toContain("got text");
    expect((await refusal({ "model.pkl": "\0\0\0" })).message).toContain("got other bytes");
  });

  it("is refused where there are two", async () => {
    const error = await refusal({ "a.pkl": IRIS, "b.joblib": IRIS });
    expect(error.message).toContain("expected exactly one file at the top of the folder");
    expect(error.message).toContain("got a.pkl, b.joblib");
  });
});
