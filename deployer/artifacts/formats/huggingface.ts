import { readFileSync } from "node:fs";
import { messageOf } from "../../../contract/errors.ts";
import { isAtLeast, kserveText } from "../kserve-version.ts";
import { type ModelSource, type SourceFile, extensionOf, topFiles } from "../model-source.ts";
import { COPY_AGAIN, fileProblem, unsupported } from "../problems.ts";
import { openBytes } from "../readers/byte-reader.ts";
import type { StandardFormat } from "./format.ts";
import { storeFile } from "./single-file.ts";

/** The first release with a Hugging Face runtime. */
const SINCE = 12;

const WEIGHTS = [".safetensors", ".bin", ".gguf"];

/** The longest header that safetensors allow. */
const MAX_HEADER_BYTES = 100 * 1024 * 1024;

/** A model of Hugging Face's transformers, as save_pretrained writes it. */
export const huggingface: StandardFormat = {
  format: "huggingface",
  takes: "a folder of save_pretrained: config.json, weights and tokenizer",
  layOut(source, context) {
    if (!isAtLeast(context.kserve, SINCE) && !context.ownRuntime) {
      throw unsupported(source.path, {
        expected: `KServe v0.${SINCE} or newer, which has a Hugging Face runtime`,
        got: kserveText(context.kserve),
        hint: "Update KServe, or serve the model from an image of your own.",
      });
    }
    const config = source.files.find(({ path }) => path === "config.json");
    if (config === undefined) {
      throw fileProblem(source.path, {
        expected: "config.json",
        got:
          topFiles(source)
            .slice(0, 5)
            .map(({ path }) => path)
            .join(", ") || "folders only",
        hint: "Give the folder that save_pretrained wrote.",
      });
    }
    const version = readJson(config)["transformers_version"];
    const weights = topFiles(source).filter(({ path }) => isWeights(path));
    checkShards(source, weights);
    for (const file of weights) if (extensionOf(file.path) === ".safetensors") checkSafetensors(file);
    const pickled = weights.find(({ path }) => extensionOf(path) === ".bin");
    if (pickled !== undefined) {
      context.warn({
        path: pickled.file,
        message: "is a pickle: loading it may run what its author wrote",
        hint: "Save it as safetensors: model.save_pretrained(folder, safe_serialization=True).",
      });
    }
    if (!source.files.some(({ path }) => /^(tokenizer|vocab|spiece|sentencepiece|preprocessor)/.test(path))) {
      context.warn({
        path: source.path,
        message: "has no tokenizer, which the runtime loads from the same folder",
        hint: "Save it beside the model: tokenizer.save_pretrained(folder).",
      });
    }
    return {
      layout: "flat",
      files: source.files.map((file) => storeFile(file)),
      frameworks: typeof version === "string" ? { transformers: version } : {},
    };
  },
};

function isWeights(path: string): boolean {
  return WEIGHTS.includes(extensionOf(path)) && path !== "training_args.bin";
}

/** Large models lie in several files, which an index lists. */
function checkShards(source: ModelSource, weights: readonly SourceFile[]): void {
  if (weights.length === 0) {
    throw fileProblem(source.path, {
      expected: "weights: model.safetensors or pytorch_model.bin",
      got: topFiles(source)
        .slice(0, 5)
        .map(({ path }) => path)
        .join(", "),
      hint: "Copy the whole folder, weights included.",
    });
  }
  for (const index of topFiles(source).filter(({ path }) => path.endsWith(".index.json"))) {
    const map = readJson(index)["weight_map"];
    const names = new Set(typeof map === "object" && map !== null ? Object.values(map).map(String) : []);
    const missing = [...names].filter((name) => !weights.some(({ path }) => path === name));
    if (missing.length === 0) continue;
    throw fileProblem(index.file, {
      expected: `the ${names.size} files of weights that it lists`,
      got: `all but ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? `, and ${missing.length - 3} more` : ""}`,
      hint: "Copy the missing files into the same folder.",
    });
  }
}

/** A header of JSON with each tensor's place, then the tensors, up to the end. */
function checkSafetensors(file: SourceFile): void {
  using bytes = openBytes(file);
  const size = bytes.readAt(0, 8);
  const headerBytes = size.length < 8 ? Number.NaN : Number(size.readBigUInt64LE());
  if (!(headerBytes <= MAX_HEADER_BYTES && headerBytes + 8 <= file.sizeBytes)) {
    throw fileProblem(file.file, {
      expected: "a safetensors file, which begins with the size of its header",
      got: file.sizeBytes === 0 ? "an empty file" : "other bytes, or a file that is cut short",
      hint: COPY_AGAIN,
    });
  }
  const header = parseObject(file, bytes.readAt(8, headerBytes).toString("utf8"));
  let end = 0;
  for (const [name, tensor] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const offsets = (tensor as { data_offsets?: unknown } | null)?.data_offsets;
    if (Array.isArray(offsets)) end = Math.max(end, Number(offsets[1]));
  }
  const expected = 8 + headerBytes + end;
  if (file.sizeBytes === expected) return;
  throw fileProblem(file.file, {
    expected: `${expected} bytes, as its header says`,
    got: `${file.sizeBytes}`,
    hint: COPY_AGAIN,
  });
}

function readJson(file: SourceFile): Record<string, unknown> {
  return parseObject(file, readFileSync(file.file, "utf8"));
}

function parseObject(file: SourceFile, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
    throw new SyntaxError("it is no object");
  } catch (error) {
    throw fileProblem(file.file, {
      expected: "an object of JSON",
      got: messageOf(error),
      hint: COPY_AGAIN,
      cause: error,
    });
  }
}
