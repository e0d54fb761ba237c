import { fileKind } from "../file-kind.ts";
import { COPY_AGAIN, fileProblem, unsupported } from "../problems.ts";
import { openBytes } from "../readers/byte-reader.ts";
import type { StandardFormat } from "./format.ts";
import { KIND_TEXTS, onlyFile, storeFile } from "./single-file.ts";

/** PMML, of the versions 3 and 4. */
export const pmml: StandardFormat = {
  format: "pmml",
  takes: "a .pmml file",
  layOut(source) {
    const file = onlyFile(source, { what: "a .pmml file", extensions: [".pmml"], kinds: ["pmml"] });
    const kind = fileKind(file);
    if (kind !== "pmml") {
      throw fileProblem(file.file, {
        expected: "a document of XML whose root is PMML",
        got: KIND_TEXTS[kind],
        hint: "Export the model again, as PMML 4.",
      });
    }
    using bytes = openBytes(file);
    if (
      !/<\/(\w+:)?PMML\s*>\s*(<!--[\s\S]*-->\s*)?$/.test(
        bytes.readAt(Math.max(0, file.sizeBytes - 1024), 1024).toString("utf8"),
      )
    ) {
      throw fileProblem(file.file, {
        expected: "a whole document, up to </PMML>",
        got: "one that is cut short",
        hint: COPY_AGAIN,
      });
    }
    const version = /<(?:\w+:)?PMML\b[^>]*\sversion\s*=\s*["']([\d.]+)/.exec(
      bytes.readAt(0, 4096).toString("utf8"),
    )?.[1];
    if (version !== undefined && !/^[34]\./.test(version)) {
      throw unsupported(file.file, {
        expected: "PMML 3 or 4",
        got: `version ${version}`,
        hint: "Export the model again, as PMML 4.",
      });
    }
    return {
      layout: "flat",
      files: [storeFile(file, "model.pmml")],
      frameworks: version === undefined ? {} : { pmml: version },
    };
  },
};
