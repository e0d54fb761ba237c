import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSource } from "../../../../deployer/artifacts/model-source.ts";
import { openBytes } from "../../../../deployer/artifacts/readers/byte-reader.ts";
import { modelArchive } from "../../../../deployer/artifacts/torchserve/mar.ts";
import type { TorchServeOptions } from "../../../../deployer/artifacts/torchserve/options.ts";
import { readZipDirectory, readZipFile } from "../../../../deployer/artifacts/zip/zip-reader.ts";
import { MODELS, bytesOf, failure, tempModel } from "../temp-model.ts";

const SOURCE = join(MODELS, "digits-pytorch/source");
const OPTIONS: TorchServeOptions = {
  handler: join(SOURCE, "handler.py"),
  modelFile: join(SOURCE, "model.py"),
  requirementsFile: join(SOURCE, "requirements.txt"),
};

async function archive(weights: string, options: TorchServeOptions, name = "digits") {
  const [file] = (await readSource(weights)).files;
  return modelArchive(name, file!, options);
}

/** An archive's files by their names. */
async function filesOf(bytes: Buffer): Promise<Map<string, Buffer>> {
  await using model = await tempModel({ "a.mar": bytes });
  const [file] = (await readSource(model.file("a.mar"))).files;
  using source = openBytes(file!);
  return new Map(readZipDirectory(source).map((each) => [each.name, readZipFile(source, each, 1 << 20)]));
}

describe("modelArchive", () => {
  it("has the files and the manifest of torch-model-archiver's own archive of the digits model", async () => {
    const made = await archive(join(SOURCE, "model.pt"), OPTIONS);
    const ours = await filesOf(await bytesOf(made.content));
    const [original] = (await readSource(join(MODELS, "digits-pytorch/model/model-store/digits.mar"))).files;
    using source = openBytes(original!);
    const theirs = new Map(
      readZipDirectory(source).map((each) => [each.name, readZipFile(source, each, 1 << 20)]),
    );
    const manifest = (files: Map<string, Buffer>) => JSON.parse(String(files.get("MAR-INF/MANIFEST.json")));
    const { createdOn, ...rest } = manifest(theirs);
    expect(createdOn).toMatch(/^\d\d\/\d\d\/\d{4} /);
    expect(manifest(ours)).toEqual(rest);
    ours.delete("MAR-INF/MANIFEST.json");
    theirs.delete("MAR-INF/MANIFEST.json");
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
  });

  it("names a built-in handler, and packs none", async () => {
    const made = await archive(join(SOURCE, "model_scripted.pt"), { handler: "image_classifier" });
    expect(made.model).toEqual({
      modelName: "digits",
      serializedFile: "model_scripted.pt",
      handler: "image_classifier",
      modelVersion: "1.0",
    });
    expect([...(await filesOf(await bytesOf(made.content))).keys()]).toEqual([
      "model_scripted.pt",
      "MAR-INF/MANIFEST.json",
    ]);
  });

  it("packs the file of a handler that names its function", async () => {
    const handler = `${join(SOURCE, "handler.py")}:predict`;
    const made = await archive(join(SOURCE, "model.pt"), { ...OPTIONS, handler, version: "2.3" });
    expect(made.model).toMatchObject({ handler: "handler.py:predict", modelVersion: "2.3" });
    expect((await filesOf(await bytesOf(made.content))).has("handler.py")).toBe(true);
  });

  it("puts extra files, and what is in extra folders, to the top", async () => {
    await using extra = await tempModel({
      "labels.json": "[]",
      "f/a.txt": "a",
      "f/deep/b.txt": "b",
      "f/.x": "x",
    });
    const extraFiles = [extra.file("labels.json"), extra.file("f")];
    const made = await archive(join(SOURCE, "model.pt"), { ...OPTIONS, extraFiles });
    const names = [...(await filesOf(await bytesOf(made.content))).keys()];
    expect(names).toEqual(expect.arrayContaining(["labels.json", "a.txt", "deep/b.txt"]));
    expect(names).not.toContain(".x");
  });

  it("refuses two files of one name", async () => {
    await using extra = await tempModel({ "model.py": "other" });
    const error = await failure(() =>
      archive(join(SOURCE, "model.pt"), { ...OPTIONS, extraFiles: [extra.file("model.py")] }),
    );
    expect(error.message).toContain(`got model.py, which is also the name of ${OPTIONS.modelFile}`);
  });

  it("refuses a handler that is not there, and a name that TorchServe would refuse", async () => {
    const missing = await failure(() => archive(join(SOURCE, "model.pt"), { handler: "/nowhere/h.py" }));
    expect(missing.message).toContain("/nowhere/h.py: expected a model's file or folder, got nothing");
    const name = await failure(() => archive(join(SOURCE, "model.pt"), OPTIONS, "my model"));
    expect(name).toMatchObject({ code: "KTS_CONFIG_INVALID", path: "modelName" });
  });
});
