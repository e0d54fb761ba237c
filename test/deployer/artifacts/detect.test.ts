import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { detectFormat } from "../../../deployer/artifacts/detect.ts";
import { readSource } from "../../../deployer/artifacts/model-source.ts";
import { textContent } from "../../../deployer/artifacts/content.ts";
import { zipContent } from "../../../deployer/artifacts/zip/zip-writer.ts";
import { MODELS, bytesOf, failure, tempModel } from "./temp-model.ts";

const HDF5 = Buffer.from("\x89HDF\r\n\x1a\n and more", "latin1");

async function detect(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  await using model = await tempModel(files);
  return detectFormat(await readSource(model.folder));
}

describe("detectFormat", () => {
  it.each([
    ["a triton repository by its layout", { "net/config.pbtxt": "", "net/1/model.plan": "x" }, "triton"],
    ["one triton model", { "1/model.onnx": "x" }, "triton"],
    ["a SavedModel in its text form", { "saved_model.pbtxt": "x" }, "tensorflow"],
    ["a transformer", { "config.json": '{"model_type": "bert"}', "model.safetensors": "x" }, "huggingface"],
    ["a paddle model", { "a.pdmodel": "x", "a.pdiparams": "x" }, "paddle"],
    [
      "PMML behind a comment",
      { m: '<?xml version="1.0"?>\n<!-- a -->\n<PMML version="4.4"></PMML>' },
      "pmml",
    ],
    ["a booster of any name", { m: "tree\nversion=v4\n" }, "lightgbm"],
    ["a folder of archives", { "model-store/a.mar": "x" }, "pytorch"],
  ])("recognises %s", async (_, files, format) => {
    expect(await detect(files as unknown as Record<string, string>)).toBe(format);
  });

  it("goes by the content where the name says something else", async () => {
    await using model = await tempModel({ "model.json": "tree\nversion=v4\n" });
    expect(detectFormat(await readSource(model.file("model.json")))).toBe("lightgbm");
  });

  it.each([
    ["model.h5", HDF5, "an HDF5 file (Keras .h5)", ".export("],
    ["model.tflite", Buffer.from("\x1c\0\0\0TFL3\0", "latin1"), "a TensorFlow Lite model", "SavedModel"],
    ["model.gguf", Buffer.from("GGUF\x03\0\0\0", "latin1"), "a GGUF model", "huggingface"],
    ["model.json", '{"format": "layers-model"}', "a TensorFlow.js model", "custom predictor"],
    ["model.tar.gz", Buffer.from("1f8b0800", "hex"), "a tar archive", "Unpack"],
  ])("refuses %s with the way out", async (name, content, got, hint) => {
    const error = await failure(() => detect({ [name]: content }));
    expect(error.code).toBe("KTS_MODEL_UNSUPPORTED");
    expect(error.message).toContain(`got ${got}`);
    expect(error.hint).toContain(hint);
  });

  it("refuses a Keras 3 file with the way out", async () => {
    const names = ["metadata.json", "config.json", "model.weights.h5"];
    const keras = await zipContent(names.map((name) => ({ name, content: textContent("{}") })));
    const error = await failure(async () => detect({ "model.keras": await bytesOf(keras) }));
    expect(error.message).toContain("got a Keras file (.keras)");
    expect(error.hint).toContain(".export(");
  });

  it("names every file where they are of several formats", async () => {
    const error = await failure(() => detect({ "a.bst": "tree\n", "b.pmml": "<PMML>" }));
    expect(error.code).toBe("KTS_MODEL_FORMAT_UNKNOWN");
    expect(error.message).toContain("a.bst (lightgbm), b.pmml (pmml)");
  });

  it("lists what it takes where it knows nothing", async () => {
    const error = await failure(() => detect({ "notes.txt": "hello" }));
    expect(error.message).toContain("expected a model of a known format, got notes.txt");
    for (const word of ["sklearn", "tensorflow", ".mar", "save_pretrained"])
      expect(error.hint).toContain(word);
  });

  it("says that there is nothing in an empty folder", async () => {
    expect((await failure(() => detect({}))).message).toContain("a folder without files");
  });

  it("keeps to the format of a single file among fixtures", async () => {
    expect(detectFormat(await readSource(join(MODELS, "digits-pytorch/source/model.pt")))).toBe("pytorch");
  });
});
