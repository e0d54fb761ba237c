import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KtsError } from "../../../contract/errors.ts";
import { readSavedModel } from "../../../runtime/engines/saved-model-file.ts";
import { DT, type SavedModelOptions, identities, writeSavedModel } from "./saved-model-builder.ts";

const models = new URL("../../fixtures/models/", import.meta.url).pathname;
const DIGITS = `${models}digits-tensorflow/model/1/saved_model.pb`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "saved-model-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function failure(path: string): Promise<KtsError> {
  const error: unknown = await readSavedModel(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KtsError);
  expect(error).toMatchObject({ code: "KTS_MODEL_FILE_INVALID" });
  return error as KtsError;
}

function written(name: string, options: SavedModelOptions): string {
  return writeSavedModel(join(folder, name), options);
}

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const float = identities({ x: { type: DT.FLOAT, shape: [-1, 3] } });

describe("readSavedModel", () => {
  it.each([
    ["digits-tensorflow", [-1, 8, 8]],
    ["mnist-shape-tensorflow", [-1, 28, 28]],
  ])("reads the signature of %s without TensorFlow", async (name, shape) => {
    const { tags, inputs, outputs } = await readSavedModel(`${models}${name}/model/1/saved_model.pb`);
    expect(tags).toEqual(["serve"]);
    expect(inputs.map(({ spec }) => spec)).toEqual([{ name: "images", datatype: "FP32", shape }]);
    expect(outputs.map(({ spec }) => spec)).toEqual([
      { name: "probabilities", datatype: "FP32", shape: [-1, 10] },
    ]);
    expect(inputs[0]?.graphName).toMatch(/^\w+:0$/);
  });

  it("has inputs and outputs in the order of their names, since a protobuf map has none", async () => {
    const scalar = { type: DT.INT64, shape: [] };
    const { inputs } = await readSavedModel(
      written("order", identities({ b: scalar, a: scalar, c: scalar })),
    );
    expect(inputs.map(({ spec }) => spec)).toEqual(
      ["a", "b", "c"].map((name) => ({ name, datatype: "INT64", shape: [] })),
    );
  });

  it("refuses a file that is empty, cut short, a Git LFS pointer, or not there", async () => {
    expect((await failure(file("empty.pb", ""))).message).toContain("empty.pb is empty");
    const cut = file("cut.pb", readFileSync(DIGITS).subarray(0, 9000));
    expect((await failure(cut)).message).toContain("is cut short or damaged: it is not a whole SavedModel");
    const text = file("text.pb", "hello, I am a text file\n");
    expect((await failure(text)).message).toContain("is cut short or damaged");
    const pointer = file("lfs.pb", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n");
    expect(await failure(pointer)).toMatchObject({ hint: "Run git lfs pull." });
    expect((await failure(join(folder, "none.pb"))).message).toContain("none.pb cannot be read: ENOENT");
  });

  it("refuses a graph for another purpose, and names the signatures where serving_default is not one", async () => {
    expect((await failure(written("train", { ...float, tags: ["train"] }))).message).toContain(
      "has no graph with the tag serve",
    );
    const other = await failure(written("other", { ...float, signature: "score" }));
    expect(other.message).toContain("has no signature serving_default; it has score");
    expect(other.hint).toContain('signatures={"serving_default": ...}');
  });

  it("refuses what tfjs-node cannot pass, and says what it can", async () => {
    const double = await failure(written("double", identities({ x: { type: DT.DOUBLE, shape: [-1] } })));
    expect(double.message).toContain(
      "has an input x of DT_DOUBLE, which @tensorflow/tfjs-node cannot pass (it can: FP32, INT32, INT64, UINT8, BOOL, BYTES)",
    );
    expect(double.hint).toContain("tf2onnx");
    // It writes UINT8, but has no code to read it back.
    const bytes = await failure(written("uint8", identities({ x: { type: DT.UINT8, shape: [-1] } })));
    expect(bytes.message).toContain("has an output x_out of DT_UINT8");
  });

  it("refuses an input of unknown rank", async () => {
    const [x] = float.inputs;
    const unknown = { ...float, inputs: [{ ...(x as NonNullable<typeof x>), shape: undefined }] };
    const error = await failure(written("rank", unknown));
    expect(error.message).toContain("has an input x of unknown rank");
    expect(error.hint).toContain("tf.TensorSpec");
  });
});

describe("tfjs-node", () => {
  /** Loads a SavedModel where no package is installed but what `prepare` puts there. */
  async function probe(name: string, prepare: (root: string) => void): Promise<Record<string, string>> {
    const alone = join(folder, name);
    const root = new URL("../../../", import.meta.url);
    for (const part of ["runtime/engines", "contract"]) {
      cpSync(new URL(part, root), join(alone, part), { recursive: true });
    }
    prepare(alone);
    writeFileSync(
      join(alone, "probe.mjs"),
      `const { loadWithEngine } = await import("./runtime/engines/engine.ts");
      await loadWithEngine({ modelFile: ${JSON.stringify(DIGITS)}, resolveFrom: [], intraOpThreads: 1 }).catch(
        ({ code, message, hint }) => console.log(JSON.stringify({ code, message, hint })),
      );`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [join(alone, "probe.mjs")]);
    return JSON.parse(stdout) as Record<string, string>;
  }

  it("is missed with the command that installs it, and what to do where its download is blocked", async () => {
    const { hint, ...error } = await probe("alone", () => undefined);
    expect(error).toEqual({
      code: "KTS_ENGINE_MISSING",
      message: "a TensorFlow SavedModel needs the package @tensorflow/tfjs-node, which is not installed",
    });
    expect(hint).toContain(
      "Run npm install @tensorflow/tfjs-node@4.22.0 (its installer downloads libtensorflow",
    );
    expect(hint).toContain("tensorflow-cpu");
    expect(hint).toContain("npx node-pre-gyp install --build-from-source");
    expect(hint).toContain(`python -m tf2onnx.convert --saved-model ${dirname(DIGITS)} --output model.onnx`);
  });

  it("says so when it is installed but its addon is not built, or does not load", async () => {
    const install = (root: string, files: Record<string, string>) => {
      for (const [path, content] of Object.entries({ "dist/index.js": "", ...files })) {
        const target = join(root, "node_modules/@tensorflow/tfjs-node", path);
        cpSync(file("part", content), target, { recursive: true });
      }
    };
    const manifest = { "package.json": `{"main":"dist/index.js"}` };
    const unbuilt = await probe("unbuilt", (root) => install(root, manifest));
    const where = `${process.platform} ${process.arch}`;
    expect(unbuilt).toMatchObject({
      code: "KTS_ENGINE_MISSING",
      message: `@tensorflow/tfjs-node is installed but does not load on ${where}: its native addon has not been built`,
    });
    const damaged = await probe("damaged", (root) =>
      install(root, { ...manifest, "lib/napi-v8/tfjs_binding.node": "no library" }),
    );
    expect(damaged["message"]).toContain(`is installed but does not load on ${where}: `);
    expect(damaged["hint"]).toContain("--build-from-source");
  });
});
