import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type OnnxSettings, checkOnnxSettings } from "../../../contract/engine-settings.ts";
import { KtsError } from "../../../contract/errors.ts";
import { tensor } from "../../../contract/tensor.ts";
import { loadWithEngine } from "../../../runtime/engines/engine.ts";

const models = new URL("../../fixtures/models/", import.meta.url).pathname;
const DIGITS = `${models}digits-onnx/model/model.onnx`;

let folder = "";
let lines: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "onnx-settings-"));
  lines = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function load(onnx: OnnxSettings, modelFile = DIGITS) {
  const note = (line: string) => void lines.push(line);
  const log = { debug: note, info: note, warn: (line: string) => note(`warn: ${line}`), error: note };
  return loadWithEngine({ modelFile, resolveFrom: [], intraOpThreads: 1, onnx, log });
}

async function failure(promise: Promise<unknown>): Promise<KtsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KtsError);
  return error as KtsError;
}

const pixels = tensor(
  "FP32",
  [2, 1, 28, 28],
  Float32Array.from({ length: 2 * 784 }, (_each, at) => (at % 255) / 255),
);

/** What the model answers under these settings. */
async function answer(onnx: OnnxSettings, modelFile = DIGITS): Promise<Float32Array> {
  const model = await load(onnx, modelFile);
  const { logits } = await model.run({ pixels });
  await model.dispose();
  return logits?.data as Float32Array;
}

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, at) => expect(value).toBeCloseTo(expected[at] as number, 4));
}

describe("checkOnnxSettings", () => {
  it("takes what the type says", () => {
    const settings: OnnxSettings = {
      executionProviders: ["cuda", "cpu"],
      graphOptimization: "extended",
      intraOpThreads: 2,
      interOpThreads: 2,
      allowSpinning: false,
      memoryArena: false,
      memoryPattern: true,
      graphCacheDir: "/cache",
    };
    expect(checkOnnxSettings(settings)).toEqual(settings);
    expect(checkOnnxSettings({})).toEqual({});
  });

  it.each([
    ["an array", [], "onnx: expected an object, got an array of 0"],
    ["an unknown member", { threads: 1 }, "onnx.threads: is not known; there are executionProviders, "],
    [
      "no providers",
      { executionProviders: [] },
      'onnx.executionProviders: expected a list of names, such as ["cpu"]',
    ],
    [
      "an unknown level",
      { graphOptimization: "most" },
      "onnx.graphOptimization: expected one of disabled, basic, ",
    ],
    ["no threads", { intraOpThreads: 0 }, "onnx.intraOpThreads: expected an integer from 1 to 1024, got "],
    [
      "half a thread",
      { interOpThreads: 1.5 },
      "onnx.interOpThreads: expected an integer from 1 to 1024, got ",
    ],
    ["a word for a flag", { allowSpinning: "no" }, "onnx.allowSpinning: expected true or false, got "],
    ["an empty path", { graphCacheDir: "" }, "onnx.graphCacheDir: expected a text, got "],
  ])("refuses %s", (_what, value, message) => {
    expect(() => checkOnnxSettings(value)).toThrow(message);
  });
});

describe("an ONNX model", () => {
  it.each<[string, OnnxSettings]>([
    ["the CPU by name", { executionProviders: ["cpu"] }],
    ["the CPU by the name that Python has for it", { executionProviders: ["CPUExecutionProvider"] }],
    ["no optimisation", { graphOptimization: "disabled" }],
    ["several threads that do not spin", { intraOpThreads: 2, interOpThreads: 2, allowSpinning: false }],
    ["no memory kept", { memoryArena: false, memoryPattern: false }],
  ])("answers the same with %s", async (_what, settings) => {
    expectClose(await answer(settings), await answer({}));
  });

  it("names the execution providers that the package has, where one is asked for that it has not", async () => {
    const error = await failure(load({ executionProviders: ["nnapi", "cpu"] }));
    expect(error.code).toBe("KTS_ENGINE_MISSING");
    expect(error.message).toMatch(
      new RegExp(
        `^the installed onnxruntime-node has no execution provider nnapi on ${process.platform} ${process.arch}; it has cpu\\b`,
      ),
    );
  });
});

describe("the cache of optimised graphs", () => {
  const cached = () => readdirSync(join(folder, "graphs"));

  it("is made by the first start and read by the next, with the same answers", async () => {
    const settings = { graphCacheDir: join(folder, "graphs") };
    const plain = await answer({});
    expectClose(await answer(settings), plain);
    expect(lines).toEqual([]);
    expect(cached()).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.onnx$/)]);
    expectClose(await answer(settings), plain);
    expect(lines).toEqual(["the optimised graph came from the cache"]);
    expect(cached()).toHaveLength(1);
  });

  it("leaves the signature as the model has it", async () => {
    const settings = { graphCacheDir: join(folder, "graphs") };
    for (const name of ["digits-onnx", "multi-io-onnx", "strings-onnx", "dtypes-onnx", "iris-onnx"]) {
      const file = `${models}${name}/model/model.onnx`;
      const own = await load({}, file);
      await (await load(settings, file)).dispose();
      const model = await load(settings, file);
      expect({ inputs: model.inputs, outputs: model.outputs }).toEqual({
        inputs: own.inputs,
        outputs: own.outputs,
      });
      await Promise.all([own.dispose(), model.dispose()]);
    }
    expect(lines.filter((line) => line === "the optimised graph came from the cache")).toHaveLength(5);
  });

  it("has a graph of its own for each model and each way to optimise it, and none more for threads", async () => {
    const graphCacheDir = join(folder, "graphs");
    await answer({ graphCacheDir });
    await answer({ graphCacheDir, intraOpThreads: 2 });
    expect(cached()).toHaveLength(1);
    await answer({ graphCacheDir, graphOptimization: "basic" });
    expect(cached()).toHaveLength(2);
    await (await load({ graphCacheDir }, `${models}iris-onnx/model/model.onnx`)).dispose();
    expect(cached()).toHaveLength(3);
  });

  it("makes a damaged graph again", async () => {
    const graphCacheDir = join(folder, "graphs");
    const plain = await answer({ graphCacheDir });
    const [file] = cached().map((name) => join(graphCacheDir, name));
    const whole = readFileSync(file as string);
    writeFileSync(file as string, whole.subarray(0, 1000));
    expectClose(await answer({ graphCacheDir }), plain);
    expect(lines).toEqual([expect.stringContaining("the cached graph does not load, and is made again")]);
    expect(readFileSync(file as string).length).toBe(whole.length);
  });

  it.skipIf(process.getuid?.() === 0)("is done without where the folder cannot be written", async () => {
    const graphCacheDir = join(folder, "graphs");
    mkdirSync(graphCacheDir);
    chmodSync(graphCacheDir, 0o555);
    expectClose(await answer({ graphCacheDir }), await answer({}));
    expect(lines).toEqual([expect.stringMatching(/^warn: the optimised graph is not cached: EACCES/)]);
  });

  it("is done without where there can be no folder", async () => {
    writeFileSync(join(folder, "file"), "");
    expectClose(await answer({ graphCacheDir: join(folder, "file/graphs") }), await answer({}));
    expect(lines).toEqual([expect.stringMatching(/^warn: the optimised graph is not cached: ENOTDIR/)]);
  });

  it.runIf(process.platform === "linux")("is done without where the kernel makes no folders", async () => {
    expectClose(await answer({ graphCacheDir: "/proc/a/graphs" }), await answer({}));
    expect(lines).toEqual([expect.stringMatching(/^warn: the optimised graph is not cached: ENOENT/)]);
  });

  it("is done without for weights in files of their own, whose changes it would not see", async () => {
    const graphCacheDir = join(folder, "graphs");
    const error = await failure(load({ graphCacheDir }, `${models}broken/missing-external-data.onnx`));
    expect(error.message).toContain("keeps its weights in weights.bin, which is not beside it");
    expect(lines).toEqual(["the optimised graph is not cached: the model may keep weights in other files"]);
  });

  it("says what is wrong with a model that does not load, as without it", async () => {
    const graphCacheDir = join(folder, "graphs");
    const error = await failure(load({ graphCacheDir }, `${models}broken/truncated.onnx`));
    expect(error.message).toContain("truncated.onnx is cut short or damaged");
    expect(cached()).toEqual([]);
  });

  it("is whole where several starts fill it at once", async () => {
    const graphCacheDir = join(folder, "graphs");
    const answers = await Promise.all(Array.from({ length: 4 }, () => answer({ graphCacheDir })));
    for (const each of answers) expectClose(each, answers[0] as Float32Array);
    expect(cached()).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.onnx$/)]);
  });
});
