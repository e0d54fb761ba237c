import { open } from "node:fs/promises";
import { basename } from "node:path";
import { type KtsError, messageOf } from "../../contract/errors.ts";
import { invalid } from "./model-file.ts";

/** Enough to tell text from protobuf, and to read a Git LFS pointer. */
const HEAD_BYTES = 256;

/**
 * Refuses a file that cannot be an ONNX model, in plainer words than the engine's.
 * @throws KtsError KTS_MODEL_FILE_INVALID
 */
export async function checkOnnxFile(path: string): Promise<void> {
  const head = await readHead(path);
  if (head.length === 0) {
    throw invalid(path, "is empty", "Copy the file again, or export the model again.");
  }
  const text = head.toString("latin1");
  if (text.startsWith("version https://git-lfs")) {
    throw invalid(path, "is a Git LFS pointer, not the model itself", "Run git lfs pull.");
  }
  // A model starts with a field tag below 0x20; text with white space at the earliest.
  if (/^[\t\n\r\x20-\x7e]+$/.test(text)) {
    throw invalid(path, `is text, not an ONNX model: it starts with ${JSON.stringify(text.slice(0, 30))}`);
  }
}

async function readHead(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw invalid(path, `cannot be read: ${messageOf(error)}`, "Check the path and its permissions.", error);
  }
}

interface LoadProblem {
  readonly pattern: RegExp;
  /** What is wrong, after the file's name; the arguments are the pattern's groups. */
  say(...groups: string[]): string;
  readonly hint: string;
}

/** What onnxruntime says when a model does not load, and what it means. */
const LOAD_PROBLEMS: readonly LoadProblem[] = [
  {
    pattern: /Protobuf parsing failed/,
    say: () => "is cut short or damaged: it is not a whole ONNX model",
    hint: "Copy the file again and compare its size or checksum with the original's.",
  },
  {
    pattern: /does not have a graph/,
    say: () => "has no graph in it",
    hint: "Export the model again.",
  },
  {
    pattern: /Opset (\d+) is under development.*support for domain (\S+) is till opset (\d+)/s,
    say: (opset, domain, most) =>
      `needs opset ${opset} of ${domain}, and the installed onnxruntime-node knows ${most} at most`,
    hint: "Export the model with an older opset_version, or install a newer onnxruntime-node.",
  },
  {
    pattern: /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    say: (version, most) =>
      `has ONNX IR version ${version}, and the installed onnxruntime-node knows ${most} at most`,
    hint: "Save the model with an older ir_version, or install a newer onnxruntime-node.",
  },
  {
    pattern: /External data path does not exist: "?([^"\n]+)"?/,
    say: (file) => `keeps its weights in ${basename(file ?? "")}, which is not beside it`,
    hint: "Copy the external data file into the same folder.",
  },
  {
    pattern: /External data|external data/,
    say: () => "keeps weights in another file, which cannot be read",
    hint: "Copy the external data file, whole, into the same folder.",
  },
  {
    pattern: /(?:Could not find an implementation for|Fatal error:|No Op registered for) (\S+)/,
    say: (operator) => `uses the operator ${operator}, which the installed onnxruntime-node does not have`,
    hint: "Export the model with standard operators, or install a newer onnxruntime-node.",
  },
  {
    pattern: /locale with name:\s*([^:\s]+)/,
    say: (locale) => `asks for the locale ${locale}, which this machine does not have`,
    hint: 'Export it with locale="C" in the StringNormalizer, or install the locale.',
  },
  {
    pattern: /Unsupported data type: (\d+)/,
    say: (type) => `has an input or output of ONNX type ${type}, which onnxruntime-node cannot pass`,
    hint: "Cast it to another type within the model.",
  },
];

/** The error of a model that onnxruntime did not load. */
export function loadFailed(path: string, error: unknown): KtsError {
  const message = messageOf(error);
  for (const { pattern, say, hint } of LOAD_PROBLEMS) {
    const match = pattern.exec(message);
    if (match !== null) return invalid(path, say(...match.slice(1)), hint, error);
  }
  return invalid(path, `does not load: ${withoutSourcePlaces(message)}`, undefined, error);
}

/** onnxruntime's messages name the place in its own sources, with whole C++ signatures. */
function withoutSourcePlaces(message: string): string {
  const line = message.trim().split("\n")[0] ?? "";
  return line.replace(/^Load model from .* failed:\s*/, "").replace(/\/\S+\.(cc|h):\d+ .*?\) /, "");
}
