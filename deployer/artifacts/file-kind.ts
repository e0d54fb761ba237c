import { extensionOf, type SourceFile } from "./model-source.ts";
import { openBytes } from "./readers/byte-reader.ts";
import { NotZip, readZipDirectory } from "./zip/zip-reader.ts";

/** What a file is by its content. */
export type FileKind =
  | "empty"
  | "git-lfs-pointer"
  | "html"
  | "pickle"
  | "compressed-pickle"
  | "torch-zip"
  | "torchscript-zip"
  | "torch-legacy"
  | "mar"
  | "keras-zip"
  | "zip"
  | "zip-damaged"
  | "hdf5"
  | "xgboost-json"
  | "xgboost-ubj"
  | "xgboost-legacy"
  | "lightgbm-text"
  | "pmml"
  | "tfjs-json"
  | "gguf"
  | "tflite"
  | "tar"
  | "json"
  | "text"
  | "other";

const HEAD_BYTES = 2048;

/** torch.save's mark before PyTorch 1.6: the number 0x1950a86a20f9469cfc6c as a pickle. */
const TORCH_LEGACY = Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex");

/** Beginnings that say what the file is, the longest first where two begin alike. */
const MAGIC: readonly (readonly [Uint8Array, FileKind])[] = [
  [Buffer.from("version https://git-lfs"), "git-lfs-pointer"],
  [TORCH_LEGACY, "torch-legacy"],
  [Buffer.from("\x89HDF\r\n\x1a\n", "latin1"), "hdf5"],
  [Buffer.from("GGUF"), "gguf"],
  [Buffer.from("binf"), "xgboost-legacy"],
  [Buffer.from("0000003f", "hex"), "xgboost-legacy"], // base_score 0.5, of files without "binf"
  [Buffer.from("tree\n"), "lightgbm-text"],
  [Buffer.from("tree\r\n"), "lightgbm-text"],
  [Buffer.from("{L\0\0\0\0\0\0\0", "latin1"), "xgboost-ubj"],
  [Buffer.from("1f8b", "hex"), "compressed-pickle"],
  [Buffer.from("BZh"), "compressed-pickle"],
  [Buffer.from("fd377a585a00", "hex"), "compressed-pickle"],
  [Buffer.from("04224d18", "hex"), "compressed-pickle"],
];

/** Looks at a file's first bytes, and into a zip's directory. */
export function fileKind(file: SourceFile): FileKind {
  using bytes = openBytes(file);
  const head = bytes.readAt(0, HEAD_BYTES);
  if (head.length === 0) return "empty";
  const known = MAGIC.find(([magic]) => head.subarray(0, magic.length).equals(magic));
  if (known?.[1] === "compressed-pickle" && /\.(tar\.\w+|tgz|tbz2?|txz)$/i.test(file.path)) return "tar";
  if (known !== undefined) return known[1];
  if (head.subarray(0, 4).equals(Buffer.from("PK\x03\x04"))) return zipKind(file);
  if (head.subarray(4, 8).toString("latin1") === "TFL3") return "tflite";
  if (head.subarray(257, 262).toString("latin1") === "ustar") return "tar";
  // zlib's header is two bytes whose 16 bits are a multiple of 31.
  if (head[0] === 0x78 && head.length > 2 && head.readUInt16BE() % 31 === 0) return "compressed-pickle";
  if (head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) return "pickle";
  return textKind(head);
}

function textKind(head: Buffer): FileKind {
  const text = head.toString("latin1");
  // What is left are formats of text; a protobuf has bytes that no text has.
  if (head.some((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x20))) return "other";
  const start = text.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(!doctype html|html)\b/i.test(start)) return "html";
  if (/^(<\?xml[^>]*>)?\s*(<!--[\s\S]*?-->\s*)*<(\w+:)?PMML\b/.test(start)) return "pmml";
  if (!start.startsWith("{")) return "text";
  if (/^\{\s*"learner"\s*:/.test(start)) return "xgboost-json";
  if (/"format"\s*:\s*"(layers|graph)-model"|"modelTopology"\s*:/.test(start)) return "tfjs-json";
  return "json";
}

function zipKind(file: SourceFile): FileKind {
  const isArchive = extensionOf(file.path) === ".mar";
  using bytes = openBytes(file);
  try {
    const names = readZipDirectory(bytes).map(({ name }) => name);
    if (isArchive || names.includes("MAR-INF/MANIFEST.json")) return "mar";
    if (names.includes("config.json") && names.some((name) => name.endsWith(".weights.h5")))
      return "keras-zip";
    // PyTorch puts everything into one folder, named after the file.
    const has = (name: string): boolean => names.some((one) => one === name || one.endsWith(`/${name}`));
    if (!has("data.pkl")) return "zip";
    return has("constants.pkl") ? "torchscript-zip" : "torch-zip";
  } catch (error) {
    if (error instanceof NotZip) return "zip-damaged";
    throw error;
  }
}
