import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KtsError } from "../../../contract/errors.ts";
import { discoverModel, listVersions } from "../../../runtime/models/discover.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "discover-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Lays files out in a folder named digits, and looks there. */
function lay(...files: string[]): string {
  for (const file of files) {
    const path = join(root, "digits", file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.endsWith("load.ts") ? "" : "content");
  }
  return join(root, "digits");
}

const nothingMounted = { mountedDir: "/nowhere" };

async function failure(path: string, options = {}): Promise<KtsError> {
  const error: unknown = await discoverModel(path, { ...nothingMounted, ...options }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KtsError);
  return error as KtsError;
}

describe("discoverModel", () => {
  it("finds a predictor and the model file in the folder's model/", async () => {
    const folder = lay("predictor.ts", "model/model.onnx");
    expect(await discoverModel(folder, nothingMounted)).toEqual({
      name: "digits",
      predictorPath: join(folder, "predictor.ts"),
      modelFile: join(folder, "model/model.onnx"),
      modelDir: join(folder, "model"),
    });
  });

  it.each(["predictor.ts", "predictor.mts", "predictor.js", "predictor.mjs"])(
    "finds %s alone",
    async (name) => {
      const folder = lay(name);
      const { predictorPath, modelFile, modelDir } = await discoverModel(folder, nothingMounted);
      expect({ predictorPath, modelFile, modelDir }).toEqual({
        predictorPath: join(folder, name),
        modelFile: undefined,
        modelDir: folder,
      });
    },
  );

  it("finds a model file with no code beside it", async () => {
    const folder = lay("resnet.onnx");
    const source = await discoverModel(folder, nothingMounted);
    expect(source).toMatchObject({ predictorPath: undefined, modelFile: join(folder, "resnet.onnx") });
  });

  it("finds what a cluster mounted, last", async () => {
    const folder = lay("predictor.ts");
    const mountedDir = join(root, "mnt");
    mkdirSync(mountedDir);
    writeFileSync(join(mountedDir, "model.onnx"), "x");
    expect(await discoverModel(folder, { mountedDir })).toMatchObject({
      modelDir: mountedDir,
      modelFile: join(mountedDir, "model.onnx"),
    });
  });

  it("gives a predictor the mounted folder for files that no engine knows", async () => {
    const folder = lay("predictor.ts");
    const mountedDir = join(root, "mnt");
    mkdirSync(mountedDir);
    writeFileSync(join(mountedDir, "weights.bin"), "x");
    expect(await discoverModel(folder, { mountedDir })).toMatchObject({
      modelDir: mountedDir,
      modelFile: undefined,
    });
  });

  it("takes modelDir where it is given", async () => {
    const folder = lay("predictor.ts", "model/model.onnx", "other/net.onnx");
    const modelDir = join(folder, "other");
    expect(await discoverModel(folder, { modelDir })).toMatchObject({
      modelDir,
      modelFile: join(modelDir, "net.onnx"),
    });
  });

  it("takes the highest version folder", async () => {
    const folder = lay("model/2/model.onnx", "model/10/model.onnx");
    expect(await discoverModel(folder, nothingMounted)).toMatchObject({
      modelDir: join(folder, "model/10"),
      modelFile: join(folder, "model/10/model.onnx"),
      version: "10",
    });
  });

  it("takes the version it is asked for, and says so when it is not there", async () => {
    const folder = lay("2/model.onnx", "10/model.onnx", "1/notes.txt");
    expect(await discoverModel(folder, { ...nothingMounted, version: "2" })).toMatchObject({
      modelDir: join(folder, "2"),
      version: "2",
    });
    expect(await listVersions(folder, nothingMounted)).toEqual(["10", "2"]);
    expect((await failure(folder, { version: "1" })).message).toBe(`${folder} has no version 1`);
  });

  it("takes a version's own predictor before the one that all versions share", async () => {
    const folder = lay("predictor.ts", "1/predictor.ts", "2/model.onnx");
    const of = (version: string) => discoverModel(folder, { ...nothingMounted, version });
    expect((await of("1")).predictorPath).toBe(join(folder, "1/predictor.ts"));
    expect((await of("2")).predictorPath).toBe(join(folder, "predictor.ts"));
  });

  it("prefers model.onnx among several", async () => {
    const folder = lay("a.onnx", "model.onnx", "z.onnx");
    expect((await discoverModel(folder, nothingMounted)).modelFile).toBe(join(folder, "model.onnx"));
  });

  it("names several model files of which none is model.onnx", async () => {
    const error = await failure(lay("a.onnx", "b.onnx"));
    expect(error.code).toBe("KTS_PREDICTOR_INVALID");
    expect(error.message).toContain("a.onnx, b.onnx");
    expect(error.hint).toContain("model.onnx");
  });

  it("leaves several model files to a predictor that loads for itself", async () => {
    const folder = lay("a.onnx", "b.onnx", "predictor.ts");
    writeFileSync(join(folder, "predictor.ts"), "export function load() {}");
    expect((await discoverModel(folder, nothingMounted)).modelFile).toBeUndefined();
  });

  it("names several predictors", async () => {
    const error = await failure(lay("predictor.ts", "predictor.mjs"));
    expect(error).toMatchObject({ code: "KTS_PREDICTOR_INVALID" });
    expect(error.message).toContain("predictor.ts and predictor.mjs");
  });

  it("takes the path of a predictor or of a model file", async () => {
    const folder = lay("predictor.ts", "predictor.js", "resnet.onnx");
    expect(await discoverModel(join(folder, "predictor.js"), nothingMounted)).toMatchObject({
      name: "digits",
      predictorPath: join(folder, "predictor.js"),
    });
    expect(await discoverModel(join(folder, "resnet.onnx"))).toEqual({
      name: "resnet",
      predictorPath: undefined,
      modelFile: join(folder, "resnet.onnx"),
      modelDir: folder,
    });
  });

  it("says what it looked for, and where, in an empty folder", async () => {
    const folder = join(root, "digits");
    mkdirSync(folder);
    const error = await failure(folder);
    expect(error.code).toBe("KTS_PREDICTOR_NOT_FOUND");
    expect(error.message).toBe(
      `no predictor (predictor.ts, .mts, .js or .mjs) in ${folder}, and no model file (*.onnx, saved_model.pb, model.json of TensorFlow.js) in ${folder}/model, ${folder}, /nowhere`,
    );
  });

  it("points at files that were probably meant", async () => {
    expect((await failure(lay("Predictor.ts", "net.pt"))).hint).toBe(
      "Found Predictor.ts: did you mean predictor.ts? Found net.pt: export the model to ONNX, or write a predictor.",
    );
  });

  it("says that a folder does not exist", async () => {
    expect((await failure(join(root, "nope"))).message).toContain("nope does not exist");
    expect((await failure(lay("predictor.ts"), { modelDir: join(root, "nope") })).message).toMatch(
      /^the model directory .*nope does not exist$/,
    );
  });

  it("refuses a file that is neither", async () => {
    const folder = lay("net.pt");
    expect(await failure(join(folder, "net.pt"))).toMatchObject({ hint: "Export the model to ONNX." });
  });
});

describe("the default name", () => {
  it.each([
    ["my model", "my-model"],
    ["Zürich", "Zurich"],
    ["model", "model"],
    ["models", "model"],
    ["app", "model"],
    ["...", "model"],
    ["iris_v1.2", "iris_v1.2"],
  ])("of a folder %s is %s", async (folderName, name) => {
    const folder = join(root, folderName === "..." ? "..." : folderName);
    mkdirSync(folder);
    writeFileSync(join(folder, "predictor.js"), "");
    expect((await discoverModel(folder, nothingMounted)).name).toBe(name);
  });

  it("gives way to modelName", async () => {
    expect((await discoverModel(lay("predictor.ts"), { modelName: "sums" })).name).toBe("sums");
  });

  it.each(["a/b", "a:predict", "a\nb", "", " "])("refuses the modelName %j", async (modelName) => {
    const error = await failure(lay("predictor.ts"), { modelName });
    expect(error).toMatchObject({ code: "KTS_USAGE" });
    expect(error.message).toContain("--model_name");
  });
});

describe("a model of TensorFlow", () => {
  const GRAPH = '{"format": "graph-model", "modelTopology": {}';

  /** A file with a content of its own. */
  function put(file: string, content: string): void {
    lay(file);
    writeFileSync(join(root, "digits", file), content);
  }

  it("is a saved_model.pb, in the highest of the folders with a number", async () => {
    const folder = lay("model/9/saved_model.pb", "model/10/saved_model.pb", "model/2/saved_model.pb");
    expect(await discoverModel(folder, nothingMounted)).toMatchObject({
      name: "digits",
      modelFile: join(folder, "model/10/saved_model.pb"),
      modelDir: join(folder, "model/10"),
    });
    const told = await discoverModel(folder, { ...nothingMounted, modelDir: join(folder, "model/9") });
    expect(told.modelFile).toBe(join(folder, "model/9/saved_model.pb"));
  });

  it("has the name of its folder where its path is given", async () => {
    const folder = lay("1/saved_model.pb");
    expect(await discoverModel(join(folder, "1/saved_model.pb"), nothingMounted)).toMatchObject({
      name: "digits",
      modelFile: join(folder, "1/saved_model.pb"),
    });
  });

  it("is no variables/ without a saved_model.pb, even where an older version is whole", async () => {
    const folder = lay("model/2/variables/variables.index", "model/1/saved_model.pb");
    const error = await failure(folder);
    expect(error.code).toBe("KTS_MODEL_FILE_INVALID");
    expect(error.message).toBe(`${folder}/model/2 has a SavedModel's variables/ but no saved_model.pb`);
  });

  it("is refused as the fixture without a saved_model.pb is", async () => {
    const fixture = new URL("../../fixtures/models/broken/savedmodel-without-pb", import.meta.url).pathname;
    expect((await failure(fixture)).message).toContain(
      "savedmodel-without-pb/1 has a SavedModel's variables/",
    );
  });

  it("is a model.json of TensorFlow.js, whole or not", async () => {
    put("model/model.json", GRAPH);
    const folder = join(root, "digits");
    const { modelFile } = await discoverModel(folder, nothingMounted);
    expect(modelFile).toBe(join(folder, "model/model.json"));
  });

  it("is not the model.json of another library", async () => {
    put("model/model.json", '{"learner": {}, "version": [2, 1, 4]}');
    const error = await failure(join(root, "digits"));
    expect(error.code).toBe("KTS_PREDICTOR_NOT_FOUND");
    expect(error.hint).toBe(
      "Found model.json, which is no model of TensorFlow.js: export the model to ONNX, or write a predictor.",
    );
  });

  it("beside an ONNX model is one too many", async () => {
    put("model/model.json", GRAPH);
    const folder = lay("model/model.onnx");
    const error = await failure(folder);
    expect(error.code).toBe("KTS_PREDICTOR_INVALID");
    expect(error.message).toBe(`${folder}/model has several model files: model.json, model.onnx`);
  });
});
