import { type ModelSource, type SourceFile, extensionOf, topFiles } from "../model-source.ts";
import { COPY_AGAIN, fileProblem } from "../problems.ts";
import type { StandardFormat } from "./format.ts";
import { storeFile } from "./single-file.ts";

/** PaddlePaddle's inference format: a program and its parameters. */
export const paddle: StandardFormat = {
  format: "paddle",
  takes: "a folder with one .pdmodel (or .json) and one .pdiparams file",
  layOut(source) {
    const program = one(source, [".pdmodel", ".json"], "a program, .pdmodel or .json");
    const parameters = one(source, [".pdiparams"], "parameters, .pdiparams");
    return { layout: "flat", files: [storeFile(program), storeFile(parameters)], frameworks: {} };
  },
};

function one(source: ModelSource, extensions: readonly string[], what: string): SourceFile {
  const top = topFiles(source);
  const found = top.filter(({ path }) => extensions.includes(extensionOf(path)));
  const [first] = found;
  if (found.length !== 1 || first === undefined) {
    throw fileProblem(source.path, {
      expected: `exactly one file with ${what}`,
      got:
        found.length === 0
          ? top.map(({ path }) => path).join(", ")
          : found.map(({ path }) => path).join(", "),
      hint: 'Save the model with paddle.jit.save(layer, "model") and give the folder.',
    });
  }
  if (first.sizeBytes === 0) {
    throw fileProblem(first.file, { expected: what, got: "an empty file", hint: COPY_AGAIN });
  }
  return first;
}
