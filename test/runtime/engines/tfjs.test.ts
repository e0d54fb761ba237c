import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidInput, KtsError } from "../../../contract/errors.ts";
import type { PredictorLog } from "../../../contract/predictor.ts";
import { tensor } from "../../../contract/tensor.ts";
import { loadWithEngine } from "../../../runtime/engines/engine.ts";

const models = new URL("../../fixtures/models/", import.meta.url).pathname;
const LAYERS = `${models}tfjs-digits/model/model.json`;
const GRAPH = `${models}tfjs-graph-digits/model/model.json`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tfjs-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function load(modelFile: string, log?: PredictorLog) {
  return loadWithEngine({ modelFile, resolveFrom: [], intraOpThreads: 1, ...(log !== undefined && { log }) });
}

async function failure(promise: Promise<unknown>): Promise<KtsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KtsError);
  return error as KtsError;
}

interface ModelJson {
  format?: string;
  signature: Record<
    "inputs" | "outputs",
    Record<string, { name: string; dtype: string; tensorShape: object }>
  >;
  modelTopology: {
    versions?: { producer: number };
    node?: unknown[];
    model_config?: { config: { layers: { class_name: string }[] } };
  };
  weightsManifest: { paths: string[]; weights: unknown[] }[];
}

/** A copy of a fixture, changed; gives the path of its model.json. */
function changed(name: string, source: string, change: (model: ModelJson) => void): string {
  const path = join(folder, name, "model.json");
  cpSync(dirname(source), dirname(path), { recursive: true });
  const model = JSON.parse(readFileSync(source, "utf8")) as ModelJson;
  change(model);
  writeFileSync(path, JSON.stringify(model));
  return path;
}

const placeholder = (name: string, type: string, size: string) => ({
  name,
  op: "Placeholder",
  attr: { dtype: { type }, shape: { shape: { dim: [{ size }] } } },
});

/** A graph of one operator on the input x, written by hand. */
function graph(name: string, dtype: string, nodes: readonly object[], output = "y:0"): string {
  return changed(name, GRAPH, (model) => {
    const info = (graphName: string) => ({ name: graphName, dtype, tensorShape: { dim: [{ size: "-1" }] } });
    model.signature = { inputs: { x: info("x:0") }, outputs: { y: info(output) } };
    model.modelTopology = { versions: { producer: 1882 }, node: [placeholder("x", dtype, "-1"), ...nodes] };
    model.weightsManifest = [{ paths: [], weights: [] }];
  });
}

const identity = (name: string, dtype: string) =>
  graph(name, dtype, [{ name: "y", op: "Identity", input: ["x"], attr: { T: { type: dtype } } }]);

describe("a TensorFlow.js model", () => {
  it.each([
    ["layers", LAYERS, { name: "hidden_input", datatype: "FP32", shape: [-1, 64] }],
    ["graph", GRAPH, { name: "images", datatype: "FP32", shape: [-1, 8, 8] }],
  ])("of the %s format has the signature of its file", async (_format, path, input) => {
    const model = await load(path);
    expect(model.inputs).toEqual([input]);
    expect(model.outputs).toEqual([{ name: "probabilities", datatype: "FP32", shape: [-1, 10] }]);
    await model.dispose();
  });

  it.each([
    ["layers", LAYERS, "hidden_input", [1, 64]],
    ["graph", GRAPH, "images", [1, 8, 8]],
  ])(
    "of the %s format holds no tensor more after 1000 runs and failures",
    async (_format, path, name, shape) => {
      const model = await load(path);
      const input = { [name]: tensor("FP32", shape, new Float32Array(64)) };
      const wrong = { [name]: { datatype: "FP32" as const, shape, data: new Float32Array(3) } };
      const before = model.gauges?.();
      for (let round = 0; round < 1000; round++) {
        await model.run(input);
        if (round % 10 === 0) await expect(model.run(wrong)).rejects.toBeInstanceOf(InvalidInput);
      }
      expect(model.gauges?.()).toEqual(before);
      await model.dispose();
      expect(model.gauges?.()).toMatchObject([{ value: 0 }]);
    },
  );

  it("answers a batch of no rows with none", async () => {
    const model = await load(LAYERS);
    const answer = await model.run({ hidden_input: tensor("FP32", [0, 64], []) });
    expect(answer).toEqual({ probabilities: tensor("FP32", [0, 10], []) });
    await model.dispose();
  });

  it.each([
    ["missing", {}, "input images is missing; the model takes images (FP32 [-1, 8, 8])"],
    [
      "mistyped",
      { images: tensor("FP64", [1, 8, 8], new Float64Array(64)) },
      "input images: expected datatype FP32, got FP64",
    ],
    [
      "misshapen",
      { images: tensor("FP32", [64], new Float32Array(64)) },
      "input images: expected shape [-1, 8, 8], got [64]",
    ],
    [
      "unknown",
      { images: tensor("FP32", [1, 8, 8], new Float32Array(64)), more: tensor("FP32", [0], []) },
      "the model has no input more; the model takes images (FP32 [-1, 8, 8])",
    ],
  ])("refuses an input that is %s", async (_kind, inputs, message) => {
    const model = await load(GRAPH);
    const error = await failure(model.run(inputs));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toBe(message);
    await model.dispose();
  });

  it("refuses outputs that it does not have", async () => {
    const model = await load(GRAPH);
    const input = { images: tensor("FP32", [1, 8, 8], new Float32Array(64)) };
    expect((await failure(model.run(input, ["logits"]))).message).toBe(
      "the model has no output logits; it gives probabilities",
    );
    await model.dispose();
  });

  it("passes integers, flags, and texts that are not UTF-8, as they are", async () => {
    const integers = await load(identity("int32", "DT_INT32"));
    const most = tensor("INT32", [2], [2_147_483_647, -2_147_483_648]);
    expect((await integers.run({ x: most }))["y"]).toEqual(most);
    const flags = await load(identity("bool", "DT_BOOL"));
    const both = tensor("BOOL", [2], [true, false]);
    expect((await flags.run({ x: both }))["y"]).toEqual(both);
    const texts = await load(identity("string", "DT_STRING"));
    const bytes = tensor("BYTES", [2], [Uint8Array.of(255, 0), "ä"]);
    expect((await texts.run({ x: bytes }))["y"]).toEqual(bytes);
    await Promise.all([integers, flags, texts].map((model) => model.dispose()));
  });

  it("has INT64 of the model file as INT32, the type it computes in, and says so", async () => {
    const lines: string[] = [];
    const line = (text: string) => void lines.push(text);
    const model = await load(identity("int64", "DT_INT64"), {
      debug: line,
      info: line,
      warn: line,
      error: line,
    });
    expect(model.inputs).toEqual([{ name: "x", datatype: "INT32", shape: [-1] }]);
    expect(lines).toEqual([
      "input x is DT_INT64 in the model file; TensorFlow.js has it as INT32",
      "output y is DT_INT64 in the model file; TensorFlow.js has it as INT32",
    ]);
    expect((await failure(model.run({ x: tensor("INT64", [1], [2 ** 40]) }))).message).toBe(
      "input x: expected datatype INT32, got INT64",
    );
    await model.dispose();
  });

  it("names an operator that the backend does not have, and what has it", async () => {
    const path = graph("kernel", "DT_FLOAT", [
      { name: "y", op: "Einsum", input: ["x", "x"], attr: { equation: { s: btoa("i,i->i") } } },
    ]);
    const model = await load(path);
    const before = model.gauges?.();
    const error = await failure(model.run({ x: tensor("FP32", [1], [2]) }));
    expect(error.message).toBe(
      "the model uses the operator Einsum, which TensorFlow.js does not have on its wasm backend",
    );
    expect(error.hint).toContain("@tensorflow/tfjs-node");
    expect(model.gauges?.()).toEqual(before);
    await model.dispose();
  });

  it("leaves the process without handlers of its own for crashes", async () => {
    const script = join(folder, "crash.mjs");
    const engine = new URL("../../../runtime/engines/engine.ts", import.meta.url).href;
    writeFileSync(
      script,
      `const { loadWithEngine } = await import("${engine}");
      await loadWithEngine({ modelFile: ${JSON.stringify(GRAPH)}, resolveFrom: [], intraOpThreads: 1 });
      console.log(process.listenerCount("uncaughtException"), process.listenerCount("unhandledRejection"));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    expect(stdout).toBe("0 0\n");
  });
});

describe("a model.json that does not load", () => {
  it.each<[string, string, (model: ModelJson) => void, string]>([
    [
      "names weights that are not there",
      LAYERS,
      (model) => void model.weightsManifest[0]?.paths.splice(0, 1, "gone.bin"),
      "keeps weights in gone.bin, which is not beside it",
    ],
    [
      "names weights outside its folder",
      LAYERS,
      (model) => void model.weightsManifest[0]?.paths.splice(0, 1, "../../secret.bin"),
      "names a weight file outside its folder: ../../secret.bin",
    ],
    [
      "describes more weights than there are",
      LAYERS,
      (model) => void model.weightsManifest[0]?.weights.push({ name: "more", shape: [10], dtype: "float32" }),
      "describes 7280 bytes of weights, but its weight files have 7240",
    ],
    [
      "has a layer of somebody's own",
      LAYERS,
      (model) => {
        const layer = model.modelTopology.model_config?.config.layers[1];
        if (layer !== undefined) layer.class_name = "MyOwnLayer";
      },
      "has the layer MyOwnLayer, which TensorFlow.js does not know",
    ],
    [
      "has an input of a type that cannot be passed",
      GRAPH,
      (model) => void (Object.values(model.signature.inputs)[0]!.dtype = "DT_COMPLEX64"),
      "has an input images of DT_COMPLEX64, which TensorFlow.js cannot pass",
    ],
    [
      "has an input of unknown rank",
      GRAPH,
      (model) => void (Object.values(model.signature.inputs)[0]!.tensorShape = { unknownRank: true }),
      "has an input images of unknown rank, which no protocol can describe",
    ],
  ])("since it %s", async (why, source, change, problem) => {
    const path = changed(why, source, change);
    const error = await failure(load(path));
    expect(error.code).toBe("KTS_MODEL_FILE_INVALID");
    expect(error.message).toBe(`${path} ${problem}`);
  });

  it("since it is cut short, or another library's", async () => {
    const cut = join(folder, "cut", "model.json");
    mkdirSync(dirname(cut));
    writeFileSync(cut, readFileSync(GRAPH).subarray(0, 2000));
    expect((await failure(load(cut))).message).toContain(
      `${cut} is cut short or damaged: it is not whole JSON`,
    );
    writeFileSync(cut, `{"learner": {}, "version": [2, 1, 4]}`);
    expect((await failure(load(cut))).message).toBe(
      `${cut} is no TensorFlow.js model: it has no modelTopology`,
    );
  });
});

describe("the packages of TensorFlow.js", () => {
  /** Asks for them where there is nothing but what is given. */
  async function probe(name: string, installed: readonly string[]): Promise<Record<string, string>> {
    const alone = join(folder, name);
    const root = new URL("../../../", import.meta.url);
    for (const part of ["runtime/engines", "contract"]) {
      cpSync(new URL(part, root), join(alone, part), { recursive: true });
    }
    for (const each of installed) {
      const link = join(alone, "node_modules", each);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(new URL(`node_modules/${each}`, root).pathname, link);
    }
    writeFileSync(
      join(alone, "probe.mjs"),
      `const { requireTfjs } = await import("./runtime/engines/tfjs-package.ts");
      await requireTfjs([], "layers-model").then(
        ({ backend }) => console.log(JSON.stringify({ backend })),
        ({ code, message, hint }) => console.log(JSON.stringify({ code, message, hint })),
      );`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [join(alone, "probe.mjs")]);
    return JSON.parse(stdout) as Record<string, string>;
  }

  it("are missed with the command that installs them, by name where only one is", async () => {
    expect(await probe("none", [])).toMatchObject({
      code: "KTS_ENGINE_MISSING",
      message:
        "a TensorFlow.js model needs @tensorflow/tfjs-core, @tensorflow/tfjs-backend-wasm, @tensorflow/tfjs-layers, which are not installed",
      hint: "Run npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 @tensorflow/tfjs-layers@4.22.0; @tensorflow/tfjs-node@4.22.0 in their place is faster, and larger.",
    });
    expect(await probe("some", ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"])).toMatchObject({
      message: "a TensorFlow.js model needs the package @tensorflow/tfjs-layers, which is not installed",
    });
  });

  it("need no converter for a layers model", async () => {
    const packages = ["core", "backend-wasm", "layers"].map((each) => `@tensorflow/tfjs-${each}`);
    expect(await probe("enough", packages)).toEqual({ backend: "wasm" });
  });
});
