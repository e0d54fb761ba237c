import { statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileKind } from "../file-kind.ts";
import { isAtLeast, kserveText } from "../kserve-version.ts";
import type { SourceFile } from "../model-source.ts";
import { COPY_AGAIN, fileProblem, unsupported } from "../problems.ts";
import { CutShort, openBytes } from "../readers/byte-reader.ts";
import { NotProtobuf, ProtobufMessage } from "../readers/protobuf.ts";
import type { FormatContext, StandardFormat } from "./format.ts";
import { refuseKind, onlyFile, storeFile } from "./single-file.ts";

/** The newest operator set that the onnxruntime of KServe's Triton may know: 23.05, before KServe 0.11 21.09. */
const MAX_OPSETS = [
  { from: 11, triton: "23.05", opset: 19 },
  { from: 0, triton: "21.09", opset: 15 },
] as const;

/** ONNX, which KServe serves by Triton, in Triton's repository layout. */
export const onnx: StandardFormat = {
  format: "onnx",
  takes: "a .onnx file",
  layOut(source, context) {
    const file = onlyFile(source, { what: "a .onnx file", extensions: [".onnx"], kinds: [] });
    const { producer, external } = checkOnnx(file, context);
    const folder = `${context.modelName}/1`;
    return {
      layout: "triton",
      files: [
        storeFile(file, `${folder}/model.onnx`),
        ...external.map((each) => storeFile(each, `${folder}/${each.path}`)),
      ],
      frameworks: producer === undefined ? {} : { [producer.name]: producer.version },
      servedAs: [context.modelName],
    };
  },
};

/** What an ONNX model says of itself. */
export interface OnnxFacts {
  readonly producer: { readonly name: string; readonly version: string } | undefined;
  /** Files with its weights, by their paths from the model's folder. */
  readonly external: readonly SourceFile[];
}

/**
 * Verifies an ONNX model for Triton.
 * @throws KtsError KTS_MODEL_FILE_INVALID, KTS_MODEL_UNSUPPORTED
 */
export function checkOnnx(file: SourceFile, context: FormatContext): OnnxFacts {
  const kind = fileKind(file);
  if (kind !== "other") refuseKind(file, kind, "an ONNX model", "Export the model again, to ONNX.");
  using bytes = openBytes(file);
  try {
    const model = new ProtobufMessage(bytes);
    const graph = model.message(7);
    if (graph === undefined || model.value(1) === undefined) {
      throw fileProblem(file.file, {
        expected: "an ONNX model with a graph and an IR version",
        got: "other bytes",
        hint: "Export the model again, to ONNX.",
      });
    }
    checkOpset(file, model, context);
    checkOutputs(file, graph);
    const [name, version] = [model.text(2), model.text(3)];
    return {
      producer: name === "" ? undefined : { name, version: version || "unknown" },
      external: externalFiles(file, graph),
    };
  } catch (error) {
    if (!(error instanceof CutShort) && !(error instanceof NotProtobuf)) throw error;
    throw fileProblem(file.file, {
      expected: "a whole ONNX model",
      got: `one that is cut short or damaged: ${error.message}`,
      hint: COPY_AGAIN,
      cause: error,
    });
  }
}

function checkOpset(
  { file }: SourceFile,
  model: ProtobufMessage,
  { kserve, ownRuntime }: FormatContext,
): void {
  if (ownRuntime) return;
  const main = model.messages(8).find((opset) => ["", "ai.onnx"].includes(opset.text(1)));
  const opset = main?.value(2) ?? 0;
  const limit = MAX_OPSETS.find(({ from }) => isAtLeast(kserve, from));
  if (limit === undefined || opset <= limit.opset) return;
  throw unsupported(file, {
    expected: `opset ${limit.opset} at most, for Triton ${limit.triton} of KServe ${kserveText(kserve)}`,
    got: `opset ${opset}`,
    hint: `Export it with opset_version=${limit.opset} or lower, or set a runtime with a newer Triton.`,
  });
}

/** Triton passes tensors alone. */
function checkOutputs({ file }: SourceFile, graph: ProtobufMessage): void {
  for (const output of graph.messages(12)) {
    const type = output.message(2);
    if (type === undefined || type.message(1) !== undefined) continue;
    const name = output.text(1);
    throw unsupported(file, {
      expected: "outputs that are tensors",
      got: `an output ${name} that is ${type.message(4) === undefined ? "a map" : "a sequence"}`,
      hint: "Export without ZipMap: convert_sklearn(model, options={'zipmap': False}).",
    });
  }
}

/** The files that initializers lie in, checked to be there and long enough. */
function externalFiles(model: SourceFile, graph: ProtobufMessage): readonly SourceFile[] {
  const found = new Map<string, SourceFile>();
  for (const tensor of graph.messages(5)) {
    if (tensor.value(14) !== 1) continue;
    const entries = new Map(tensor.messages(13).map((entry) => [entry.text(1), entry.text(2)]));
    const location = entries.get("location") ?? "";
    const known = found.get(location) ?? externalFile(model, location);
    found.set(location, known);
    const needed = Number(entries.get("offset") ?? 0) + Number(entries.get("length") ?? 0);
    if (known.sizeBytes >= needed) continue;
    throw fileProblem(known.file, {
      expected: `at least ${needed} bytes of weights`,
      got: `${known.sizeBytes}: it is cut short`,
      hint: COPY_AGAIN,
    });
  }
  return [...found.values()];
}

function externalFile(model: SourceFile, location: string): SourceFile {
  const path = normalize(location).replaceAll("\\", "/");
  if (location === "" || path.startsWith("..") || path.startsWith("/")) {
    throw fileProblem(model.file, {
      expected: "weights in a file below its own folder",
      got: JSON.stringify(location),
      hint: "Export the model again, with its external data in the same folder.",
    });
  }
  const file = join(dirname(model.file), path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() === true) return { path, file, sizeBytes: found.size };
  throw fileProblem(model.file, {
    expected: `its weights beside it, in ${location}`,
    got: "no such file",
    hint: "Copy the external data file into the same folder.",
  });
}
