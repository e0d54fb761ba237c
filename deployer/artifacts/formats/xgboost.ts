import { readFileSync } from "node:fs";
import { messageOf } from "../../../contract/errors.ts";
import { type FileKind, fileKind } from "../file-kind.ts";
import { isAtLeast, kserveText } from "../kserve-version.ts";
import { type SourceFile, extensionOf } from "../model-source.ts";
import { COPY_AGAIN, fileProblem, unsupported } from "../problems.ts";
import { ByteReader, CutShort, openBytes } from "../readers/byte-reader.ts";
import { NotUbjson, readUbjson } from "../readers/ubjson.ts";
import type { FormatContext, StandardFormat } from "./format.ts";
import { KIND_TEXTS, onlyFile, storeFile } from "./single-file.ts";

/** Larger ones are not parsed, only their end is looked at. */
const MAX_JSON_BYTES = 128 * 1024 * 1024;

/** From this release on the server takes .json and .ubj beside .bst. */
const JSON_SINCE = 13;

/** XGBoost: a booster in UBJSON, JSON or the old binary format. */
export const xgboost: StandardFormat = {
  format: "xgboost",
  takes: "a .bst, .json or .ubj file of Booster.save_model",
  layOut(source, context) {
    const file = onlyFile(source, {
      what: "a .bst, .json or .ubj file",
      extensions: [".bst", ".json", ".ubj"],
      kinds: ["xgboost-json", "xgboost-ubj", "xgboost-legacy"],
    });
    const kind = fileKind(file);
    const version = check(file, kind);
    return {
      layout: "flat",
      files: [storeFile(file, storeName(file, kind, context))],
      frameworks: version === undefined ? {} : { xgboost: version },
    };
  },
};

function check(file: SourceFile, kind: FileKind): string | undefined {
  if (kind === "xgboost-json") return checkJson(file);
  if (kind === "xgboost-ubj") return checkUbjson(file);
  if (kind === "xgboost-legacy") return undefined;
  throw fileProblem(file.file, {
    expected: "an XGBoost model",
    got: kind === "pickle" ? "a Python pickle, which XGBoost does not load" : KIND_TEXTS[kind],
    hint: 'Save the booster again: model.save_model("model.json").',
  });
}

/** XGBoost goes by the name's ending, so that it has to be the content's. */
function storeName(file: SourceFile, kind: FileKind, context: FormatContext): string {
  const { kserve, ownRuntime } = context;
  const endings: Partial<Record<FileKind, string>> = { "xgboost-json": ".json", "xgboost-ubj": ".ubj" };
  const ending = endings[kind] ?? ".bst";
  if (kind === "xgboost-legacy") {
    context.warn({
      path: file.file,
      message: "is in XGBoost's old binary format, which XGBoost 3.1 and newer do not load",
      hint: 'Load and save it again: booster.save_model("model.ubj").',
    });
  }
  if (ending === ".bst" || isAtLeast(kserve, JSON_SINCE)) {
    // Every release knows model.bst, and XGBoost looks into what has that name.
    return kind === "xgboost-ubj" && extensionOf(file.path) === ".bst" ? "model.bst" : `model${ending}`;
  }
  if (!ownRuntime && kind === "xgboost-json" && extensionOf(file.path) !== ".bst") {
    throw unsupported(file.file, {
      expected: `a .bst file, the only one that the xgboost server of KServe ${kserveText(kserve)} takes`,
      got: KIND_TEXTS[kind],
      hint: `Save it as .bst (booster.save_model("model.bst")), or use KServe v0.${JSON_SINCE} or newer.`,
    });
  }
  context.warn({
    path: file.file,
    message: `${KIND_TEXTS[kind]}, which is laid out as model.bst for KServe ${kserveText(kserve)}; its XGBoost may be too old for it`,
    hint: "Save the model with the XGBoost release of that server.",
  });
  return "model.bst";
}

function checkJson(file: SourceFile): string | undefined {
  let version: unknown;
  if (file.sizeBytes > MAX_JSON_BYTES) {
    using bytes = openBytes(file);
    const tail = bytes.readAt(file.sizeBytes - 64, 64).toString("latin1");
    const match = /"version":\[(\d+),(\d+),(\d+)\]\s*\}\s*$/.exec(tail);
    if (match === null) throw cutShort(file, "its end is missing");
    version = match.slice(1);
  } else {
    try {
      version = (JSON.parse(readFileSync(file.file, "utf8")) as { version?: unknown }).version;
    } catch (error) {
      throw cutShort(file, messageOf(error), error);
    }
  }
  return versionText(version);
}

function checkUbjson(file: SourceFile): string | undefined {
  using bytes = openBytes(file);
  try {
    return versionText(readUbjson(new ByteReader(bytes), new Set(["version"])).get("version"));
  } catch (error) {
    if (error instanceof CutShort || error instanceof NotUbjson) throw cutShort(file, error.message, error);
    throw error;
  }
}

function versionText(version: unknown): string | undefined {
  return Array.isArray(version) && version.length === 3 ? version.join(".") : undefined;
}

function cutShort(file: SourceFile, detail: string, cause?: unknown): Error {
  return fileProblem(file.file, {
    expected: "a whole XGBoost model",
    got: `one that is cut short or damaged: ${detail}`,
    hint: COPY_AGAIN,
    cause,
  });
}
