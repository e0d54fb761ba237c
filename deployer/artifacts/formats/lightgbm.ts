import { fileKind } from "../file-kind.ts";
import type { SourceFile } from "../model-source.ts";
import { COPY_AGAIN, fileProblem } from "../problems.ts";
import { type ByteSource, openBytes } from "../readers/byte-reader.ts";
import type { StandardFormat } from "./format.ts";
import { KIND_TEXTS, onlyFile, storeFile } from "./single-file.ts";

/** After the trees come the importances of the features and the parameters, both short. */
const CHUNK_BYTES = 1024 * 1024;

/** LightGBM: a booster in its text format. */
export const lightgbm: StandardFormat = {
  format: "lightgbm",
  takes: "a .bst file of Booster.save_model",
  layOut(source) {
    const file = onlyFile(source, { what: "a .bst file", extensions: [".bst"], kinds: ["lightgbm-text"] });
    const kind = fileKind(file);
    if (kind !== "lightgbm-text") {
      throw fileProblem(file.file, {
        expected: "a LightGBM model in its text format, which begins with the line tree",
        got: KIND_TEXTS[kind],
        hint: 'Save the booster again: booster.save_model("model.bst").',
      });
    }
    using bytes = openBytes(file);
    checkWhole(file, bytes);
    const format = /^version=v?(\S+)$/m.exec(bytes.readAt(0, 512).toString("latin1"))?.[1];
    return {
      layout: "flat",
      // The server takes this ending alone.
      files: [storeFile(file, "model.bst")],
      frameworks: format === undefined ? {} : { "lightgbm format": format },
    };
  },
};

function checkWhole(file: SourceFile, bytes: ByteSource): void {
  const mark = "\nend of trees";
  for (let end = bytes.sizeBytes; end > 0; end -= CHUNK_BYTES) {
    const start = Math.max(0, end - CHUNK_BYTES);
    // Chunks overlap by the mark's length, which may lie across two.
    const text = bytes.readAt(start, end - start + mark.length).toString("latin1");
    if (text.includes(mark)) return;
  }
  throw fileProblem(file.file, {
    expected: "a whole LightGBM model, with the line end of trees",
    got: "one that is cut short",
    hint: COPY_AGAIN,
  });
}
