import { open, readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import type { io } from "@tensorflow/tfjs-core";
import { messageOf } from "../../contract/errors.ts";
import { invalid } from "./model-file.ts";

/** Enough to see the first members of the JSON, which tell whose it is. */
const HEAD_BYTES = 4096;

/** Of quantised weights, the type that lies in the file. */
const BYTES_OF_TYPE: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  complex64: 8,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
};

/** A TensorFlow.js model as its files have it. */
export interface TfjsFiles {
  /** `layers-model` is run by tfjs-layers, `graph-model` by tfjs-converter. */
  readonly format: "layers-model" | "graph-model";
  readonly artifacts: io.ModelArtifacts;
}

/** Whether a model.json is TensorFlow.js's, and not XGBoost's or another library's: its first members tell. */
export async function isTfjsModel(path: string): Promise<boolean> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.toString("latin1", 0, bytesRead);
    return /"(modelTopology|weightsManifest)"|"format"\s*:\s*"(layers|graph)-model"/.test(head);
  } catch {
    return false;
  }
}

/**
 * Reads a TensorFlow.js model.json and the weight files it names, all of them below its folder.
 * @throws KtsError KTS_MODEL_FILE_INVALID
 */
export async function readTfjsModel(path: string): Promise<TfjsFiles> {
  const json = await readModelJson(path);
  const { modelTopology, weightsManifest, ...rest } = json;
  const layers = (modelTopology as { model_config?: unknown }).model_config !== undefined;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const weightData = await readWeights(
    path,
    weightsManifest.flatMap(({ paths }) => paths),
  );
  checkSize(path, weightSpecs, weightData.byteLength);
  return {
    format: layers ? "layers-model" : "graph-model",
    artifacts: { ...(rest as object), modelTopology, weightSpecs, weightData },
  };
}

async function readModelJson(path: string): Promise<io.ModelJSON> {
  let json: Partial<io.ModelJSON> | null;
  try {
    json = JSON.parse(await readFile(path, "utf8")) as Partial<io.ModelJSON> | null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw invalid(
        path,
        `cannot be read: ${messageOf(error)}`,
        "Check the path and its permissions.",
        error,
      );
    }
    throw invalid(
      path,
      `is cut short or damaged: it is not whole JSON (${error.message})`,
      "Copy the file again and compare its size or checksum with the original's.",
      error,
    );
  }
  const { modelTopology, weightsManifest } = json ?? {};
  if (typeof modelTopology !== "object" || modelTopology === null) {
    throw invalid(
      path,
      "is no TensorFlow.js model: it has no modelTopology",
      "Export it with tensorflowjs_converter, or with the model's own save.",
    );
  }
  if (!Array.isArray(weightsManifest)) throw invalid(path, "has no weightsManifest, so no weights");
  return json as io.ModelJSON;
}

async function readWeights(path: string, names: readonly string[]): Promise<ArrayBuffer> {
  const folder = dirname(path);
  const parts = await Promise.all(names.map((name) => readPart(path, folder, name)));
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole.buffer;
}

async function readPart(path: string, folder: string, name: string): Promise<Buffer> {
  if (isAbsolute(name) || normalize(name).startsWith("..")) {
    throw invalid(path, `names a weight file outside its folder: ${name}`);
  }
  try {
    return await readFile(join(folder, name));
  } catch (error) {
    const absent = (error as { code?: unknown }).code === "ENOENT";
    throw invalid(
      path,
      `keeps weights in ${name}, which ${absent ? "is not beside it" : `cannot be read: ${messageOf(error)}`}`,
      "Copy the weight files (*.bin) into the same folder.",
      error,
    );
  }
}

function checkSize(path: string, specs: readonly io.WeightsManifestEntry[], bytes: number): void {
  let expected = 0;
  for (const { shape, dtype, quantization } of specs) {
    // A string weight's length is in its data.
    if (dtype === "string") return;
    const count = shape.reduce((total, length) => total * length, 1);
    expected += count * (BYTES_OF_TYPE[quantization?.dtype ?? dtype] ?? 4);
  }
  if (bytes === expected) return;
  throw invalid(
    path,
    `describes ${expected} bytes of weights, but its weight files have ${bytes}`,
    "Copy the weight files (*.bin) again, whole.",
  );
}
