import { cp, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type PackageOptions, packageModel } from "../../../deployer/artifacts/package-model.ts";
import { MODELS, bytesOf, failure, tempModel } from "./temp-model.ts";

const packed = (path: string, options: Partial<PackageOptions> = {}) =>
  packageModel({ path: join(MODELS, path), modelName: "m", ...options });

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 1566\n`;

describe("packageModel", () => {
  it.each([
    ["iris-sklearn/model", "sklearn", "flat", ["model.joblib"]],
    ["iris-xgboost/model", "xgboost", "flat", ["model.bst"]],
    ["iris-xgboost/model-json", "xgboost", "flat", ["model.json"]],
    ["iris-xgboost/model-ubj/model.ubj", "xgboost", "flat", ["model.ubj"]],
    ["lightgbm-iris/model", "lightgbm", "flat", ["model.bst"]],
    ["iris-onnx/model", "onnx", "triton", ["m/1/model.onnx"]],
    ["iris-onnx/model-triton", "triton", "triton", ["iris-onnx/1/model.onnx"]],
    ["digits-pytorch/model", "pytorch", "torchserve", ["config/config.properties", "model-store/digits.mar"]],
    [
      "digits-tensorflow/model/1",
      "tensorflow",
      "tensorflow-serving",
      [
        "1/fingerprint.pb",
        "1/saved_model.pb",
        "1/variables/variables.data-00000-of-00001",
        "1/variables/variables.index",
      ],
    ],
  ])("recognises %s by its content as %s, and lays it out", async (path, format, layout, files) => {
    const model = await packed(path);
    expect(model).toMatchObject({ format, layout });
    expect(model.files.map((file) => file.path)).toEqual(files);
  });

  it("records the versions that the files say they were written by", async () => {
    expect((await packed("iris-sklearn/model")).frameworks).toEqual({ "scikit-learn": "1.5.2" });
    expect((await packed("iris-xgboost/model")).frameworks).toEqual({ xgboost: "2.1.4" });
    expect((await packed("iris-xgboost/model-json")).frameworks).toEqual({ xgboost: "2.1.4" });
    expect((await packed("digits-tensorflow/model")).frameworks).toEqual({ tensorflow: "2.18.1" });
    expect((await packed("lightgbm-iris/model")).frameworks).toEqual({ "lightgbm format": "4" });
  });

  it("takes a SavedModel's folder and the folder above it for the same model", async () => {
    const [inner, outer] = [
      await packed("digits-tensorflow/model/1"),
      await packed("digits-tensorflow/model"),
    ];
    expect(inner.contentHash).toBe(outer.contentHash);
  });

  it("gives a hash that goes by paths and contents, not by folder or time", async () => {
    await using copy = await tempModel({});
    await cp(join(MODELS, "digits-tensorflow/model"), copy.file("elsewhere"), { recursive: true });
    await utimes(copy.file("elsewhere/1/saved_model.pb"), 1, 1);
    const moved = await packageModel({ path: copy.file("elsewhere"), modelName: "m" });
    expect(moved.contentHash).toBe((await packed("digits-tensorflow/model")).contentHash);
    expect(moved.contentHash).toMatch(/^sha256:[0-9a-f]{64}$/);
    await cp(copy.file("elsewhere/1"), copy.file("elsewhere/2"), { recursive: true });
    const second = await packageModel({ path: copy.file("elsewhere"), modelName: "m" });
    expect(second.contentHash).not.toBe(moved.contentHash);
  });

  it("gives contents that are the files'", async () => {
    const model = await packed("iris-xgboost/model");
    const [file] = model.files;
    expect(model.sizeBytes).toBe(22_277);
    expect(file?.source).toBe(join(MODELS, "iris-xgboost/model/model.bst"));
    expect((await bytesOf(file!.content)).length).toBe(22_277);
  });

  it("names a Git LFS pointer, and the command that gets the file", async () => {
    await using model = await tempModel({ "model.joblib": POINTER });
    const error = await failure(() => packageModel({ path: model.folder, modelName: "m" }));
    expect(error.message).toBe(
      `${model.file("model.joblib")}: expected the file itself, got a Git LFS pointer, which only names it`,
    );
    expect(error.hint).toContain("git lfs pull");
  });

  it("leaves hidden files and caches out, and follows links", async () => {
    await using model = await tempModel({ ".git/config": "x", "__pycache__/a.pyc": "x", "m/.DS_Store": "x" });
    await symlink(join(MODELS, "iris-xgboost/model/model.bst"), model.file("model.bst"));
    await symlink(model.folder, model.file("loop"));
    const { files } = await packageModel({ path: model.folder, modelName: "m" });
    expect(files.map((file) => file.path)).toEqual(["model.bst"]);
  });

  it("refuses a version of KServe that is none", async () => {
    const error = await failure(() => packed("iris-sklearn/model", { kserveVersion: "latest" }));
    expect(error).toMatchObject({ code: "KTS_CONFIG_INVALID" });
  });

  it("ends when it is told to", async () => {
    await expect(packed("iris-sklearn/model", { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe("a broken model", () => {
  it.each([
    ["empty.onnx", "KTS_MODEL_FILE_INVALID", "expected an ONNX model, got an empty file"],
    ["notamodel.onnx", "KTS_MODEL_FILE_INVALID", "expected an ONNX model, got text"],
    ["truncated.onnx", "KTS_MODEL_FILE_INVALID", "cut short"],
    [
      "future-opset.onnx",
      "KTS_MODEL_UNSUPPORTED",
      "expected opset 19 at most, for Triton 23.05 of KServe v0.20, got opset 999",
    ],
    [
      "missing-external-data.onnx",
      "KTS_MODEL_FILE_INVALID",
      "expected its weights beside it, in weights.bin, got no such file",
    ],
    [
      "zipmap-output.onnx",
      "KTS_MODEL_UNSUPPORTED",
      "expected outputs that are tensors, got an output output_probability that is a sequence",
    ],
    ["truncated-joblib", "KTS_MODEL_FILE_INVALID", "one that is cut short"],
    ["two-models-xgboost", "KTS_MODEL_FILE_INVALID", "got model.bst, model.json"],
    [
      "savedmodel-without-pb",
      "KTS_MODEL_FILE_INVALID",
      "expected a SavedModel, with saved_model.pb, got variables/",
    ],
    ["notazip.mar", "KTS_MODEL_FILE_INVALID", "expected a zip, which a .mar is, got other bytes"],
    ["zip-slip.mar", "KTS_MODEL_FILE_INVALID", 'got one named "../evil", which leaves it'],
    ["no-manifest.mar", "KTS_MODEL_FILE_INVALID", "expected MAR-INF/MANIFEST.json, got handler.py"],
  ])("%s is refused with the reason", async (path, code, reason) => {
    const error = await failure(() => packed(`broken/${path}`));
    expect(error.code).toBe(code);
    expect(error.message).toContain(join(MODELS, "broken", path));
    expect(error.message).toContain(reason);
    expect(error.hint.length).toBeGreaterThan(10);
    expect(error.exitCode).toBe(4);
  });
});
