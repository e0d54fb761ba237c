import { type ModelSource, type SourceFile, extensionOf } from "../model-source.ts";
import { COPY_AGAIN, fileProblem } from "../problems.ts";
import { CutShort, openBytes } from "../readers/byte-reader.ts";
import { NotProtobuf, ProtobufMessage } from "../readers/protobuf.ts";
import type { FormatContext, StandardFormat } from "./format.ts";
import { storeFile } from "./single-file.ts";

const GRAPH_FILES = ["saved_model.pb", "saved_model.pbtxt"];

/** What TensorFlow Serving takes where a request names none. */
const SERVE_TAG = "serve";
const DEFAULT_SIGNATURE = "serving_default";

/** The TensorFlow Serving of KServe's own runtime, in every release up to 0.20. */
const SERVING_VERSION = "2.6";

const EXPORT_HINT =
  'Export it: model.export("folder") in Keras 3, tf.saved_model.save(model, "folder") otherwise.';

/** TensorFlow: SavedModels, in a folder per version. */
export const tensorflow: StandardFormat = {
  format: "tensorflow",
  takes: "a SavedModel's folder, or a folder with one in each of its numbered folders",
  layOut(source, context) {
    if (source.kind === "file") return refuseFile(source);
    const versions = versionsOf(source);
    const frameworks: Record<string, string> = {};
    for (const { files, folder } of versions) {
      const written = checkSavedModel(folder, files, context);
      if (written !== undefined) frameworks["tensorflow"] = written;
    }
    const files = versions.flatMap(({ number, files }) =>
      files.map(({ path, from }) => storeFile(from, `${number}/${path}`)),
    );
    return { layout: "tensorflow-serving", files, frameworks };
  },
};

/** A file of a SavedModel, by its path in it. */
interface VersionFile {
  readonly path: string;
  readonly from: SourceFile;
}

interface Version {
  readonly number: string;
  /** On this machine, for errors. */
  readonly folder: string;
  readonly files: readonly VersionFile[];
}

function versionsOf(source: ModelSource): readonly Version[] {
  if (source.files.some(({ path }) => GRAPH_FILES.includes(path))) {
    const files = source.files.map((from) => ({ path: from.path, from }));
    return [{ number: "1", folder: source.path, files }];
  }
  const numbers = new Map<string, VersionFile[]>();
  for (const from of source.files) {
    const match = /^(\d+)\/(.+)$/.exec(from.path);
    if (match === null) continue;
    const [, number = "", path = ""] = match;
    numbers.set(number, [...(numbers.get(number) ?? []), { path, from }]);
  }
  if (numbers.size === 0) {
    throw fileProblem(source.path, {
      expected: "saved_model.pb, or folders named 1, 2, ... with one in each",
      got: source.files
        .slice(0, 5)
        .map(({ path }) => path)
        .join(", "),
      hint: EXPORT_HINT,
    });
  }
  return [...numbers].map(([number, files]) => ({ number, folder: `${source.path}/${number}`, files }));
}

/** @returns the version of TensorFlow that wrote it, where it says so */
function checkSavedModel(
  folder: string,
  files: readonly VersionFile[],
  context: FormatContext,
): string | undefined {
  const graph = files.find(({ path }) => GRAPH_FILES.includes(path));
  if (graph === undefined) {
    throw fileProblem(folder, {
      expected: "a SavedModel, with saved_model.pb",
      got: `${files
        .slice(0, 3)
        .map(({ path }) => path)
        .join(", ")}, without one`,
      hint: "Copy the whole folder that TensorFlow wrote, or export the model again.",
    });
  }
  if (graph.from.sizeBytes === 0) {
    throw fileProblem(graph.from.file, { expected: "a SavedModel", got: "an empty file", hint: COPY_AGAIN });
  }
  checkVariables(folder, files);
  // Its text form is too rare to be parsed.
  if (extensionOf(graph.path) === ".pbtxt") return undefined;
  using bytes = openBytes(graph.from);
  try {
    return checkGraph(graph.from, new ProtobufMessage(bytes), files, context);
  } catch (error) {
    if (!(error instanceof CutShort) && !(error instanceof NotProtobuf)) throw error;
    throw fileProblem(graph.from.file, {
      expected: "a whole SavedModel",
      got: `one that is cut short or damaged: ${error.message}`,
      hint: COPY_AGAIN,
      cause: error,
    });
  }
}

function checkGraph(
  { file }: SourceFile,
  model: ProtobufMessage,
  files: readonly VersionFile[],
  context: FormatContext,
): string | undefined {
  const graphs = model.messages(2).map((graph) => ({ graph, info: graph.message(1) }));
  const tags = graphs.map(({ info }) => info?.messages(4).map((tag) => tag.asText()) ?? []);
  const serving = graphs[tags.findIndex((each) => each.length === 1 && each[0] === SERVE_TAG)];
  if (serving === undefined) {
    throw fileProblem(file, {
      expected: `a graph with the tag ${SERVE_TAG}`,
      got:
        tags.length === 0
          ? "no graph at all"
          : `tags ${tags.map((each) => each.join("+") || "none").join(", ")}`,
      hint: EXPORT_HINT,
    });
  }
  // A SaverDef: there is something to restore.
  if (
    serving.graph.message(3) !== undefined &&
    !files.some(({ path }) => path === "variables/variables.index")
  ) {
    throw fileProblem(file, {
      expected: "its weights beside it, in variables/variables.index",
      got: "no such file",
      hint: "Copy the whole folder: saved_model.pb with variables/ beside it.",
    });
  }
  const signatures = serving.graph.messages(5).map((entry) => entry.text(1));
  if (!signatures.includes(DEFAULT_SIGNATURE)) {
    const others = signatures.filter((name) => !name.startsWith("__")).join(", ");
    context.warn({
      path: file,
      message: `has no signature ${DEFAULT_SIGNATURE} (it has ${others || "none"}): requests must name one`,
      hint: `Export it with one: tf.saved_model.save(model, path, signatures={"${DEFAULT_SIGNATURE}": ...}).`,
    });
  }
  const written = serving.info?.text(5) || undefined;
  if (written !== undefined && !context.ownRuntime && isNewer(written, SERVING_VERSION)) {
    context.warn({
      path: file,
      message: `was written by TensorFlow ${written}, and KServe's own runtime is TensorFlow Serving ${SERVING_VERSION}`,
      hint: "It may use operators that are newer. Set runtimeVersion to a newer tensorflow/serving if it does not load.",
    });
  }
  return written;
}

/** The weights lie in as many files as their names say. */
function checkVariables(folder: string, files: readonly VersionFile[]): void {
  const shards = files.filter(({ path }) => /^variables\/variables\.data-\d{5}-of-\d{5}$/.test(path));
  const total = Number(shards[0]?.path.slice(-5) ?? "0");
  const hasIndex = files.some(({ path }) => path === "variables/variables.index");
  if (shards.length === total && (!hasIndex || total > 0)) return;
  throw fileProblem(folder, {
    expected:
      total === 0 ? "weights in variables/variables.data-*" : `${total} files variables/variables.data-*`,
    got: shards.length === 0 ? "none" : `${shards.length}`,
    hint: "Copy the whole folder that TensorFlow wrote.",
  });
}

function refuseFile(source: ModelSource): never {
  throw fileProblem(source.path, {
    expected: "the folder of a SavedModel",
    got: "a file alone",
    hint: GRAPH_FILES.includes(source.files[0]?.path ?? "")
      ? "Give the folder that it lies in, with variables/ beside it."
      : EXPORT_HINT,
  });
}

/** Whether 2.18.1 is newer than 2.6. */
function isNewer(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split(".").map(Number);
  return major > thanMajor || (major === thanMajor && minor > thanMinor);
}
