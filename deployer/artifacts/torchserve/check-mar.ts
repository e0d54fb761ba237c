import { messageOf } from "../../../contract/errors.ts";
import type { SourceFile } from "../model-source.ts";
import { COPY_AGAIN, fileProblem } from "../problems.ts";
import { type ByteSource, CutShort, openBytes } from "../readers/byte-reader.ts";
import { NotZip, type ZipFile, readZipDirectory, readZipFile } from "../zip/zip-reader.ts";
import { MANIFEST_PATH, type ManifestModel, handlerFile } from "./manifest.ts";
import { BUILT_IN_HANDLERS, DEFAULT_MODEL_VERSION } from "./options.ts";

const MAX_MANIFEST_BYTES = 1024 * 1024;

const PACK_AGAIN = "Pack the model again, with torch-model-archiver or from its weights and handler.";

/**
 * Verifies a TorchServe archive.
 * @returns its manifest's model
 * @throws KtsError KTS_MODEL_FILE_INVALID
 */
export function checkMar(file: SourceFile): ManifestModel {
  using bytes = openBytes(file);
  try {
    const files = readZipDirectory(bytes);
    checkPaths(file, files);
    return checkManifest(file, bytes, files);
  } catch (error) {
    if (!(error instanceof NotZip) && !(error instanceof CutShort)) throw error;
    throw fileProblem(file.file, {
      expected: "a zip, which a .mar is",
      got: file.sizeBytes === 0 ? "an empty file" : `other bytes, or one that is cut short: ${error.message}`,
      hint: COPY_AGAIN,
      cause: error,
    });
  }
}

/** TorchServe unpacks it: nothing may land outside of its folder. */
function checkPaths(file: SourceFile, files: readonly ZipFile[]): void {
  for (const { name } of files) {
    const leaves =
      name.split(/[/\\]/).includes("..") || /^([/\\]|[A-Za-z]:)/.test(name) || name.includes("\0");
    if (!leaves) continue;
    throw fileProblem(file.file, {
      expected: "files that stay within the archive's folder",
      got: `one named ${JSON.stringify(name)}, which leaves it`,
      hint: "Do not use this archive: unpacking it would write elsewhere. Get it from a source you trust.",
    });
  }
}

function checkManifest(file: SourceFile, bytes: ByteSource, files: readonly ZipFile[]): ManifestModel {
  const entry = files.find(({ name }) => name === MANIFEST_PATH);
  if (entry === undefined) {
    throw fileProblem(file.file, {
      expected: MANIFEST_PATH,
      got:
        files.length === 0
          ? "an empty archive"
          : files
              .slice(0, 5)
              .map(({ name }) => name)
              .join(", "),
      hint: PACK_AGAIN,
    });
  }
  const model = parseManifest(file, readZipFile(bytes, entry, MAX_MANIFEST_BYTES).toString("utf8"));
  const named = [model.serializedFile, model.modelFile, model.requirementsFile, model.configFile];
  if (!BUILT_IN_HANDLERS.includes(model.handler)) named.push(handlerFile(model.handler));
  const missing = named.find((name) => name !== undefined && !files.some((each) => each.name === name));
  if (missing === undefined) return model;
  throw fileProblem(file.file, {
    expected: `${missing}, which its manifest names`,
    got: files
      .slice(0, 8)
      .map(({ name }) => name)
      .join(", "),
    hint: PACK_AGAIN,
  });
}

function parseManifest(file: SourceFile, text: string): ManifestModel {
  let model: unknown;
  try {
    model = (JSON.parse(text) as { model?: unknown } | null)?.model;
  } catch (error) {
    throw fileProblem(file.file, {
      expected: `JSON in ${MANIFEST_PATH}`,
      got: messageOf(error),
      hint: PACK_AGAIN,
      cause: error,
    });
  }
  const members = typeof model === "object" && model !== null ? (model as Record<string, unknown>) : {};
  const member = (key: string): string | undefined => {
    const value = members[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [modelName, handler] = [member("modelName"), member("handler")];
  if (modelName === undefined || handler === undefined) {
    throw fileProblem(file.file, {
      expected: `model.modelName and model.handler in ${MANIFEST_PATH}`,
      got: `${Object.keys(members).join(", ") || "neither"}`,
      hint: PACK_AGAIN,
    });
  }
  const optional = (key: "serializedFile" | "modelFile" | "requirementsFile" | "configFile") => {
    const value = member(key);
    return value === undefined ? {} : { [key]: value };
  };
  return {
    modelName,
    handler,
    modelVersion: member("modelVersion") ?? DEFAULT_MODEL_VERSION,
    ...optional("serializedFile"),
    ...optional("modelFile"),
    ...optional("requirementsFile"),
    ...optional("configFile"),
  };
}
