import { execFile } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidInput, KtsError } from "../../../contract/errors.ts";
import { strings, tensor } from "../../../contract/tensor.ts";
import { loadWithEngine } from "../../../runtime/engines/engine.ts";
import { requireOnnxruntime } from "../../../runtime/engines/onnx-package.ts";
import { ONNX_BFLOAT16, ONNX_FLOAT, ONNX_INT64, buildOnnx } from "./onnx-builder.ts";

const models = new URL("../../fixtures/models/", import.meta.url).pathname;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "onnx-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function load(modelFile: string) {
  return loadWithEngine({ modelFile, resolveFrom: [], intraOpThreads: 1 });
}

function written(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function failure(promise: Promise<unknown>): Promise<KtsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KtsError);
  return error as KtsError;
}

describe("a model file that does not load", () => {
  const broken = (name: string) => `${models}broken/${name}`;

  it.each([
    ["empty.onnx", "is empty", "Copy the file again, or export the model again."],
    [
      "truncated.onnx",
      "is cut short or damaged: it is not a whole ONNX model",
      "Copy the file again and compare its size or checksum with the original's.",
    ],
    [
      "notamodel.onnx",
      "is text, not an ONNX model: it starts with",
      "Export the model again and check its size.",
    ],
    [
      "future-opset.onnx",
      "needs opset 999 of ai.onnx, and the installed onnxruntime-node knows 26 at most",
      "Export the model with an older opset_version, or install a newer onnxruntime-node.",
    ],
    [
      "missing-external-data.onnx",
      "keeps its weights in weights.bin, which is not beside it",
      "Copy the external data file into the same folder.",
    ],
    [
      "zipmap-output.onnx",
      "has an output output_probability that is no tensor but a sequence or map",
      'Export it without: with skl2onnx, convert_sklearn(..., options={"zipmap": False}).',
    ],
  ])("%s", async (name, problem, hint) => {
    const error = await failure(load(broken(name)));
    expect(error.code).toBe("KTS_MODEL_FILE_INVALID");
    expect(error.message).toContain(`${broken(name)} ${problem}`);
    expect(error.message).not.toContain("\n");
    expect(error.hint).toBe(hint);
  });

  it("that is a Git LFS pointer", async () => {
    const path = written("lfs.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
    expect(await failure(load(path))).toMatchObject({ hint: "Run git lfs pull." });
  });

  it("that is not there", async () => {
    expect((await failure(load(join(folder, "none.onnx")))).message).toContain(
      "none.onnx cannot be read: ENOENT",
    );
  });

  it("of a future IR version, with an unknown operator, or of a type that cannot be passed", async () => {
    const x = { name: "x", type: ONNX_FLOAT, shape: [1] };
    const y = { name: "y", type: ONNX_FLOAT, shape: [1] };
    const identity = { op: "Identity", inputs: ["x"], outputs: ["y"] };
    const future = written(
      "ir.onnx",
      buildOnnx({ nodes: [identity], inputs: [x], outputs: [y], irVersion: 99 }),
    );
    expect((await failure(load(future))).message).toMatch(
      /has ONNX IR version 99, and .* knows \d+ at most$/,
    );
    const made = { op: "MadeUp", inputs: ["x"], outputs: ["y"] };
    const unknown = written("op.onnx", buildOnnx({ nodes: [made], inputs: [x], outputs: [y] }));
    expect((await failure(load(unknown))).message).toMatch(/uses the operator .*MadeUp/);
    const brain = { ...x, type: ONNX_BFLOAT16 };
    const bf16 = written(
      "bf16.onnx",
      buildOnnx({ nodes: [identity], inputs: [brain], outputs: [{ ...brain, name: "y" }] }),
    );
    expect((await failure(load(bf16))).message).toContain(
      "of ONNX type 16, which onnxruntime-node cannot pass",
    );
  });
});

describe("the package", () => {
  /** A project with a package of that name. */
  function project(name: string, code: string): string {
    const installed = join(folder, name, "node_modules/onnxruntime-node");
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, "index.js"), code);
    return join(folder, name);
  }

  it("is the project's own copy where it has one, else ours", () => {
    expect(requireOnnxruntime([folder]).InferenceSession).toBeTypeOf("function");
    expect(requireOnnxruntime([project("own", "exports.own = true")])).toEqual({ own: true });
  });

  it("is missed with the command that installs it", async () => {
    const root = new URL("../../../", import.meta.url);
    const files = [
      "runtime/engines/onnx-package.ts",
      "runtime/engines/package-lookup.ts",
      "contract/errors.ts",
    ];
    for (const file of files) {
      cpSync(new URL(file, root), join(folder, "alone", file));
    }
    const probe = written(
      "probe.mjs",
      `const { requireOnnxruntime } = await import("./alone/runtime/engines/onnx-package.ts");
      try { requireOnnxruntime([]) } catch ({ code, message, hint }) { console.log(JSON.stringify({ code, message, hint })) }`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [probe]);
    expect(JSON.parse(stdout)).toEqual({
      code: "KTS_ENGINE_MISSING",
      message: "an ONNX model needs the package onnxruntime-node, which is not installed",
      hint: "Run npm install onnxruntime-node --ignore-scripts",
    });
  });

  it("that is installed but does not load says why", async () => {
    const broken = project("broken", 'throw new Error("no such .so file\\n at x")');
    const error = await failure(new Promise((resolve) => resolve(requireOnnxruntime([broken]))));
    expect(error.code).toBe("KTS_ENGINE_MISSING");
    expect(error.message).toBe(
      `onnxruntime-node is installed but does not load on ${process.platform} ${process.arch}: no such .so file`,
    );
    expect(error.hint).toContain("npm install onnxruntime-node --ignore-scripts");
  });
});

describe("run", () => {
  const two = { values: tensor("FP32", [2, 3], [1, 2, 3, 4, 5, 6]), scale: tensor("INT64", [2], [2, -1]) };

  it("gives every output in the model's order, or those asked for", async () => {
    const model = await load(`${models}multi-io-onnx/model/model.onnx`);
    const all = await model.run(two);
    expect(Object.keys(all)).toEqual(["scaled", "positive", "half"]);
    expect(all["scaled"]).toEqual(tensor("FP32", [2, 3], [2, 4, 6, -4, -5, -6]));
    expect(all["half"]?.data).toBeInstanceOf(Uint16Array);
    expect(Object.keys(await model.run(two, ["positive"]))).toEqual(["positive"]);
    expect((await failure(model.run(two, ["nope"]))).message).toBe(
      "the model has no output nope; it gives scaled, positive, half",
    );
    await model.dispose();
  });

  it.each([
    [
      { values: two.values },
      "input scale is missing; the model takes values (FP32 [-1, 3]), scale (INT64 [-1])",
    ],
    [{ ...two, more: two.scale }, "the model has no input more that can be set"],
    [{ ...two, scale: tensor("INT32", [2], [1, 2]) }, "input scale: expected datatype INT64, got INT32"],
    [
      { ...two, values: tensor("FP32", [3, 2], [1, 2, 3, 4, 5, 6]) },
      "input values: expected shape [-1, 3], got [3, 2]",
    ],
    [{ ...two, values: tensor("FP32", [3], [1, 2, 3]) }, "input values: expected shape [-1, 3], got [3]"],
    [
      { ...two, scale: tensor("INT64", [1], [1]) },
      "input scale: dimension 0 (batch) is 1, but 2 in input values",
    ],
    [
      { ...two, scale: { datatype: "INT64" as const, shape: [2], data: new BigInt64Array(3) } },
      "input scale: shape [2] holds 2 elements, but 3 came",
    ],
    [
      { ...two, values: { datatype: "FP32" as const, shape: [2, 3], data: new Float64Array(6) as never } },
      "input values: expected a Float32Array for FP32, got a Float64Array",
    ],
  ])("refuses what onnxruntime would take without a word or explain badly (%#)", async (inputs, message) => {
    const model = await load(`${models}multi-io-onnx/model/model.onnx`);
    const error = await failure(model.run(inputs as typeof two));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toContain(message);
    await model.dispose();
  });

  it("refuses a value for an input that has a default, which onnxruntime ignores", async () => {
    const value = (name: string) => ({ name, type: ONNX_FLOAT, shape: ["n"] });
    const path = written(
      "default.onnx",
      buildOnnx({
        nodes: [{ op: "Add", inputs: ["x", "bias"], outputs: ["y"] }],
        inputs: [value("x"), { ...value("bias"), shape: [1] }],
        outputs: [value("y")],
        initializers: { bias: [10] },
      }),
    );
    const model = await load(path);
    const x = tensor("FP32", [2], [1, 2]);
    expect((await model.run({ x }))["y"]).toEqual(tensor("FP32", [2], [11, 12]));
    expect((await failure(model.run({ x, bias: tensor("FP32", [1], [5]) }))).message).toMatch(
      /^the model has no input bias that can be set.*; an input with a default value in the model file keeps it$/,
    );
    await model.dispose();
  });

  it("refuses text that would be cut or cannot be passed", async () => {
    const model = await load(`${models}strings-onnx/model/model.onnx`);
    const text = (element: string | Uint8Array) => ({ text: tensor("BYTES", [1, 1], [element]) });
    expect(strings((await model.run(text("a fine match")))["label"] as never)).toHaveLength(1);
    expect((await failure(model.run(text("a\0b")))).message).toBe(
      "input text: element 0 has the character U+0000, where the ONNX engine would cut the text",
    );
    expect((await failure(model.run(text(Uint8Array.of(0xff))))).message).toContain("not UTF-8");
    await model.dispose();
  });

  it("blames the input for what only other input can mend", async () => {
    const path = written(
      "gather.onnx",
      buildOnnx({
        nodes: [{ op: "Gather", inputs: ["table", "at"], outputs: ["y"] }],
        inputs: [{ name: "at", type: ONNX_INT64, shape: ["n"] }],
        outputs: [{ name: "y", type: ONNX_FLOAT, shape: ["n"] }],
        initializers: { table: [1, 2, 3] },
      }),
    );
    const model = await load(path);
    const error = await failure(model.run({ at: tensor("INT64", [1], [99]) }));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toContain("out of data bounds");
    await model.dispose();
  });

  it("takes no prototype for an input", async () => {
    const model = await load(`${models}iris-onnx/model/model.onnx`);
    const inputs = Object.create(null) as Record<string, ReturnType<typeof tensor>>;
    inputs["__proto__"] = tensor("FP32", [1, 4], [1, 2, 3, 4]);
    expect((await failure(model.run(inputs))).message).toContain("input input is missing");
    await model.dispose();
  });

  it("loads a model from a folder whose name has spaces and umlauts", async () => {
    const path = join(folder, "mödel file.onnx");
    copyFileSync(`${models}iris-onnx/model/model.onnx`, path);
    const model = await load(path);
    expect(model).toMatchObject({ engine: "onnxruntime", inputs: [{ name: "input" }] });
    await model.dispose();
  });
});
