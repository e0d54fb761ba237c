import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = new URL("../../../", import.meta.url).pathname;
const CONTRACT = new URL("../../../contract/index.ts", import.meta.url).href;

/** Texts in capitals; `bad` is refused, `slow` is logged. It explains as well. */
const SHOUT = `
import { InvalidInput } from "kserve-ts";
export const execution = "inline";
export const inputs = [{ name: "text", datatype: "BYTES", shape: [-1] }];
export const outputs = [{ name: "loud", datatype: "BYTES", shape: [-1] }];
export const preProcess = ({ tensors }) =>
  tensors.text.data.map((bytes) => Buffer.from(bytes).toString());
export const predict = (_model, texts, ctx) => {
  const at = texts.indexOf("bad");
  if (at >= 0) throw new InvalidInput("expected kind words", { path: "inputs[0].data[" + at + "]", hint: "Say it kindly." });
  if (texts.includes("slow")) ctx.log.warn("that was slow");
  return { loud: texts.map((text) => text.toUpperCase()) };
};
export const explain = (_model, texts) => texts.map((text) => ({ letters: text.length }));
`;

/** A picture in its opposite colours, and how much red, green and blue it has. */
const PICTURE = `
import { tensor } from "kserve-ts";
export const execution = "inline";
export const inputs = [{ name: "image", datatype: "UINT8", shape: [-1, 16, 16, 3] }];
export const outputs = [
  { name: "opposite", datatype: "UINT8", shape: [-1, 16, 16, 3] },
  { name: "colours", datatype: "FP32", shape: [-1, 3] },
];
export const predict = (_model, { image }) => {
  const colours = new Float32Array(3);
  image.data.forEach((value, at) => (colours[at % 3] += value / 255 / 256));
  return {
    opposite: tensor("UINT8", image.shape, image.data.map((value) => 255 - value)),
    colours: tensor("FP32", [1, 3], colours),
  };
};
`;

/** Counts to `n`; after the first it waits for `playgroundGate`. */
const COUNT = `
export const execution = "inline";
export const inputs = [{ name: "n", datatype: "INT32", shape: [1] }];
export async function* predict(_model, { n }, { signal }) {
  for (let at = 1; at <= n.data[0]; at++) {
    yield [at];
    if (at === 1) {
      const aborted = new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      await Promise.race([globalThis.playgroundGate, aborted]);
    }
  }
}
`;

/** What has no signature: it answers its instances. */
const PLAIN = `
export const execution = "inline";
export const predict = (_model, input) => input;
`;

/** How bright a picture of any size is. */
const BRIGHT = `
export const execution = "inline";
export const inputs = [{ name: "image", datatype: "FP32", shape: [-1, 3, -1, -1] }];
export const outputs = [{ name: "size", datatype: "INT64", shape: [-1, 2] }, { name: "bright", datatype: "FP32", shape: [-1] }];
export const predict = (_model, { image }) => ({
  size: { datatype: "INT64", shape: [1, 2], data: BigInt64Array.from(image.shape.slice(2), BigInt) },
  bright: [image.data.reduce((sum, value) => sum + value) / image.data.length],
});
`;

/** The file of an image: as the whole answer for `whole`, else one for each instance. */
const FILE = `
export const execution = "inline";
const png = Buffer.from("PNG", "base64");
export const predict = (_model, instances) => (instances[0] === "whole" ? new Uint8Array(png) : instances.map(() => new Uint8Array(png)));
`;

/** A repository of models, one for each way of asking that the playground has. */
export async function playgroundModels(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "kserve-ts-playground-"));
  await cp(join(ROOT, "examples/digits"), join(path, "digits"), { recursive: true });
  const digits = join(path, "digits/predictor.ts");
  await replaceImport(digits);
  await cp(join(ROOT, "test/fixtures/models/iris-onnx/model"), join(path, "iris"), { recursive: true });
  for (const version of ["1", "2"]) {
    const to = join(path, "flowers", version);
    await cp(join(ROOT, "test/fixtures/models/iris-onnx/model"), to, { recursive: true });
  }
  const config = { models: { flowers: { versions: "all" } } };
  await writeFile(join(path, "kserve.config.json"), JSON.stringify(config));
  const file = FILE.replace("PNG", await sevenPng());
  const predictors = { shout: SHOUT, picture: PICTURE, bright: BRIGHT, count: COUNT, plain: PLAIN, file };
  for (const [name, source] of Object.entries(predictors)) {
    await mkdir(join(path, name));
    await writeFile(
      join(path, name, "predictor.mjs"),
      source.replace('"kserve-ts"', JSON.stringify(CONTRACT)),
    );
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** An image of a seven, as base64. */
export async function sevenPng(): Promise<string> {
  const text = await readFile(join(ROOT, "examples/digits/examples/seven.json"), "utf8");
  return (JSON.parse(text) as { instances: [{ data: string }] }).instances[0].data;
}

async function replaceImport(file: string): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace('"kserve-ts"', JSON.stringify(CONTRACT)));
}
