import { gunzipSync, inflateSync } from "node:zlib";
import { messageOf } from "../../../contract/errors.ts";
import type { SourceFile } from "../model-source.ts";
import { COPY_AGAIN, fileProblem } from "../problems.ts";
import { ByteReader, type ByteSource, CutShort, memoryBytes, openBytes } from "../readers/byte-reader.ts";
import { NotPickle, type PickleReport, readPickle } from "../readers/pickle.ts";

/** A compressed pickle that is larger is not looked into. */
const MAX_COMPRESSED_BYTES = 64 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;

/** Functions that no model needs, by which a pickle does something else when it is loaded. */
const DANGEROUS =
  /^((os|posix|nt|subprocess|pty|socket|shutil|sys|runpy|webbrowser|ctypes|importlib|commands) |(builtins|__builtin__) (eval|exec|compile|open|__import__|getattr|input|breakpoint)$)/;

/**
 * Reads a pickle file, compressed or not, without running it.
 * @param wanted attributes whose texts are of interest
 * @returns undefined where its compression is one that Node.js cannot undo, or it is too large to be undone
 * @throws KtsError KTS_MODEL_FILE_INVALID when it is damaged, or would do harm
 */
export function inspectPickle(file: SourceFile, wanted: ReadonlySet<string>): PickleReport | undefined {
  using bytes = openBytes(file);
  const unpacked = unpack(file, bytes);
  return unpacked === undefined ? undefined : inspectPickleBytes(file.file, unpacked, wanted);
}

/** The same, of bytes that lie elsewhere, such as in a zip. */
export function inspectPickleBytes(
  path: string,
  bytes: ByteSource,
  wanted: ReadonlySet<string> = new Set(),
): PickleReport {
  let report: PickleReport;
  try {
    report = readPickle(new ByteReader(bytes), wanted);
    if (!report.complete && bytes.readAt(bytes.sizeBytes - 1, 1)[0] !== 0x2e) throw new CutShort();
  } catch (error) {
    if (!(error instanceof CutShort) && !(error instanceof NotPickle)) throw error;
    throw fileProblem(path, {
      expected: "a whole pickle",
      got: `one that is ${error instanceof CutShort ? "cut short" : "damaged"}: ${error.message}`,
      hint: COPY_AGAIN,
      cause: error,
    });
  }
  const harmful = [...report.globals].filter((name) => DANGEROUS.test(name));
  if (harmful.length > 0) {
    throw fileProblem(path, {
      expected: "a pickle of a model",
      got: `one that calls ${harmful.map((name) => name.replace(" ", ".")).join(", ")} when it is loaded`,
      hint: "Do not load this file: it runs what its author wrote. Get the model from a source you trust.",
    });
  }
  return report;
}

function unpack(file: SourceFile, bytes: ByteSource): ByteSource | undefined {
  const head = bytes.readAt(0, 2);
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  if (head[0] === 0x80 || hasOldStart(head)) return bytes;
  if ((!isGzip && head[0] !== 0x78) || bytes.sizeBytes > MAX_COMPRESSED_BYTES) return undefined;
  try {
    const whole = bytes.readAt(0, bytes.sizeBytes);
    const options = { maxOutputLength: MAX_UNPACKED_BYTES };
    return memoryBytes(isGzip ? gunzipSync(whole, options) : inflateSync(whole, options));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw fileProblem(file.file, {
      expected: "a whole compressed pickle",
      got: `one that does not unpack (${messageOf(error)})`,
      hint: COPY_AGAIN,
      cause: error,
    });
  }
}

/** Whether a file may be a pickle of protocol 0 or 1, which has no header: it begins with a class, a mark or a container. */
export function isOldPickle(file: SourceFile): boolean {
  using bytes = openBytes(file);
  return hasOldStart(bytes.readAt(0, 1));
}

function hasOldStart(head: Buffer): boolean {
  return ["c", "(", "]", "}"].includes(String.fromCharCode(head[0] ?? 0));
}
