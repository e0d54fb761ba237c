import { execFile } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidInput, KtsError } from "../../contract/errors.ts";
import { strings, tensor } from "../../contract/tensor.ts";
import { loadWithEngine } from "../../runtime/engines/engine.ts";
import {
  DT,
  type SavedModelOptions,
  identities,
  textsOf,
  typeOf,
  writeSavedModel,
} from "../runtime/engines/saved-model-builder.ts";
import { type Project, createProject } from "./project.ts";

let project: Project;
beforeAll(() => {
  project = createProject();
});
afterAll(() => {
  project[Symbol.dispose]();
});

function load(modelFile: string) {
  return loadWithEngine({ modelFile, resolveFrom: [project.folder], intraOpThreads: 1 });
}

function written(name: string, options: SavedModelOptions): string {
  return writeSavedModel(join(project.folder, name), options);
}

async function failure(promise: Promise<unknown>): Promise<KtsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KtsError);
  return error as KtsError;
}

/** y = op(a, b), of FP32. */
function binary(op: string): SavedModelOptions {
  const float = { type: DT.FLOAT, shape: [-1] };
  const { nodes, inputs } = identities({ a: float, b: float });
  return {
    nodes: [...nodes, { name: "y", op, inputs: ["a", "b"], attributes: { T: typeOf(DT.FLOAT) } }],
    inputs,
    outputs: [{ name: "y", ...float, graphName: "y:0" }],
  };
}

describe("a SavedModel", () => {
  it.each([
    ["FP32", DT.FLOAT, tensor("FP32", [2, 2], [0, -1.5, NaN, Infinity])],
    ["INT32", DT.INT32, tensor("INT32", [2, 1], [2_147_483_647, -2_147_483_648])],
    [
      "INT64",
      DT.INT64,
      tensor("INT64", [4, 1], [-1n, 9_223_372_036_854_775_807n, -(2n ** 63n), 2n ** 53n + 1n]),
    ],
    ["BOOL", DT.BOOL, tensor("BOOL", [2, 1], [true, false])],
    [
      "BYTES",
      DT.STRING,
      tensor("BYTES", [2, 1], [Uint8Array.of(255, 0, 254), "longer than the 22 bytes kept in place"]),
    ],
    ["BYTES", DT.STRING, tensor("BYTES", [1, 2], ["", "ä"])],
    ["INT64", DT.INT64, tensor("INT64", [0, 3], [])],
  ])("passes %s as it is", async (_datatype, type, value) => {
    const model = await load(written("identity", identities({ x: { type, shape: [-1, -1] } })));
    for (let run = 0; run < 3; run++) expect(await model.run({ x: value })).toEqual({ x_out: value });
    await model.dispose();
  });

  it("gives those outputs that are asked for", async () => {
    const scalar = { type: DT.INT64, shape: [] };
    const model = await load(written("two", identities({ a: scalar, b: scalar })));
    const inputs = { a: tensor("INT64", [], [1]), b: tensor("INT64", [], [2]) };
    expect(await model.run(inputs, ["b_out"])).toEqual({ b_out: inputs.b });
    expect((await failure(model.run(inputs, ["c"]))).message).toBe(
      "the model has no output c; it gives a_out, b_out",
    );
    await model.dispose();
  });

  it("answers with constant texts again and again, and leaves no temporary folder", async () => {
    const names = ["cat", "a name that is longer than twenty-two bytes"];
    const float = { type: DT.FLOAT, shape: [-1] };
    const { nodes, inputs, outputs } = identities({ x: float });
    const constant = {
      name: "names",
      op: "Const",
      attributes: { dtype: typeOf(DT.STRING), value: textsOf(names) },
    };
    const path = written("constant", {
      nodes: [...nodes, constant],
      inputs,
      outputs: [...outputs, { name: "names", type: DT.STRING, shape: [2], graphName: "names:0" }],
    });
    const model = await load(path);
    for (let run = 0; run < 5; run++) {
      const answer = await model.run({ x: tensor("FP32", [1], [run]) });
      expect(strings(answer["names"] as ReturnType<typeof tensor<"BYTES">>)).toEqual(names);
      expect(answer["x_out"]?.data).toEqual(Float32Array.of(run));
    }
    await model.dispose();
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("kserve-ts-saved-model-"))).toEqual([]);
  });

  it("holds no tensor after 1000 runs, failures among them", async () => {
    const model = await load(written("add", binary("AddV2")));
    const two = tensor("FP32", [2], [1, 2]);
    for (let run = 0; run < 1000; run++) {
      expect((await model.run({ a: two, b: two }))["y"]?.data).toEqual(Float32Array.of(2, 4));
      if (run % 10 !== 0) continue;
      const error = await failure(model.run({ a: two, b: tensor("FP32", [3], [1, 2, 3]) }));
      expect(error).toBeInstanceOf(InvalidInput);
      expect(error.message).toContain("the model cannot take this input: Incompatible shapes: [2] vs. [3]");
    }
    expect(model.gauges?.()).toEqual([
      { name: "kserve_ts_tensorflow_tensors", help: "Tensors that TensorFlow holds", value: 0 },
    ]);
    await model.dispose();
  });

  it.each([
    ["missing", {}, "input images is missing; the model takes images (FP32 [-1, 8, 8])"],
    [
      "mistyped",
      { images: tensor("INT64", [1, 8, 8], new BigInt64Array(64)) },
      "input images: expected datatype FP32, got INT64",
    ],
    [
      "misshapen",
      { images: tensor("FP32", [1, 64], new Float32Array(64)) },
      "input images: expected shape [-1, 8, 8], got [1, 64]",
    ],
  ])("refuses an input that is %s", async (_kind, inputs, message) => {
    const model = await load(join(project.model("digits-tensorflow"), "model/1/saved_model.pb"));
    expect((await failure(model.run(inputs))).message).toBe(message);
    await model.dispose();
  });

  it("is freed when it is disposed: a run then fails, and does not crash", async () => {
    const model = await load(written("disposed", binary("AddV2")));
    await model.dispose();
    const one = tensor("FP32", [1], [1]);
    expect((await failure(model.run({ a: one, b: one }))).message).toContain("SavedModel ID not found");
  });
});

describe("a SavedModel that does not load", () => {
  it("since its variables are missing or damaged", async () => {
    const folder = join(project.model("digits-tensorflow"), "model/1");
    const data = join(folder, "variables/variables.data-00000-of-00001");
    writeFileSync(data, "damaged");
    const damaged = await failure(load(join(folder, "saved_model.pb")));
    expect(damaged.code).toBe("KTS_MODEL_FILE_INVALID");
    expect(damaged.message).toContain("does not load, since its variables/ are damaged");
    rmSync(join(folder, "variables"), { recursive: true });
    const missing = await failure(load(join(folder, "saved_model.pb")));
    expect(missing.message).toContain("has its weights in variables/, which is not beside it, or not whole");
  });

  it("since it uses an operator that this TensorFlow does not have", async () => {
    const error = await failure(load(written("unknown", binary("MadeUp"))));
    expect(error.code).toBe("KTS_MODEL_FILE_INVALID");
    expect(error.message).toContain("uses the operator MadeUp, which the installed TensorFlow does not have");
  });

  it("since its graph contradicts itself", async () => {
    const { nodes, inputs, outputs } = identities({ x: { type: DT.FLOAT, shape: [-1] } });
    const loose = { name: "loose", op: "Identity", inputs: ["nowhere"], attributes: { T: typeOf(DT.FLOAT) } };
    const path = written("loose", { nodes: [...nodes, loose], inputs, outputs });
    expect((await failure(load(path))).message).toContain("saved_model.pb does not load: ");
    appendFileSync(path, "more");
    expect((await failure(load(path))).message).toContain("is cut short or damaged");
  });
});

describe("the process", () => {
  const engine = new URL("../../runtime/engines/engine.ts", import.meta.url).href;

  async function script(name: string, code: string, env: Record<string, string> = {}) {
    const path = join(project.folder, name);
    writeFileSync(
      path,
      `import { readdirSync } from "node:fs";
      import util from "node:util";
      const { loadWithEngine, prepareProcess } = await import("${engine}");
      const load = (modelFile) => loadWithEngine({ modelFile, resolveFrom: [${JSON.stringify(project.folder)}], intraOpThreads: 1 });
      ${code}`,
    );
    return promisify(execFile)(process.execPath, [path], { env: { ...process.env, ...env } });
  }

  it("keeps Node's own util, which lacks what tfjs-node calls", async () => {
    const model = join(project.model("tfjs-graph-digits"), "model/model.json");
    const { stdout } = await script(
      "util.mjs",
      `const before = "isNullOrUndefined" in util;
      const model = await load(${JSON.stringify(model)});
      await model.run({ images: { datatype: "FP32", shape: [1, 8, 8], data: new Float32Array(64) } });
      console.log(model.engine, ("isNullOrUndefined" in util) === before);`,
    );
    expect(stdout).toBe("tensorflowjs-node true\n");
  });

  it("has as many of TensorFlow's threads as it is told, and none of its chatter", async () => {
    const model = written("threads", binary("AddV2"));
    const threads = async (count: number) => {
      const { stdout, stderr } = await script(
        "threads.mjs",
        `prepareProcess(${JSON.stringify(model)}, ${count});
        const one = { datatype: "FP32", shape: [1], data: new Float32Array(1) };
        await (await load(${JSON.stringify(model)})).run({ a: one, b: one });
        console.log(readdirSync("/proc/self/task").length);`,
      );
      expect(stderr).toBe("");
      return Number(stdout);
    };
    // Thread pools of its own (eager execution's) come on top, so only the difference is told.
    expect((await threads(9)) - (await threads(1))).toBeGreaterThanOrEqual(8);
  });
});

describe("tfjs-node that does not work", () => {
  it("gives way to the WebAssembly backend for a TensorFlow.js model, with a warning", async () => {
    const broken = join(project.folder, "broken/node_modules/@tensorflow/tfjs-node");
    mkdirSync(join(broken, "dist"), { recursive: true });
    writeFileSync(join(broken, "package.json"), '{"main":"dist/index.js"}');
    writeFileSync(join(broken, "dist/index.js"), "");
    cpSync(project.model("tfjs-digits"), join(project.folder, "broken/tfjs-digits"), { recursive: true });
    const warnings: string[] = [];
    const ignore = () => undefined;
    const model = await loadWithEngine({
      modelFile: join(project.folder, "broken/tfjs-digits/model/model.json"),
      resolveFrom: [join(project.folder, "broken")],
      intraOpThreads: 1,
      log: { debug: ignore, info: ignore, warn: (line) => void warnings.push(line), error: ignore },
    });
    expect(model.engine).toBe("tensorflowjs-wasm");
    expect(warnings).toEqual([
      `@tensorflow/tfjs-node is installed but does not load on ${process.platform} ${process.arch}: its native addon has not been built; the WebAssembly backend takes its place`,
    ]);
    await model.dispose();
  });
});
