import ts from "typescript";
import { describe, expect, it } from "vitest";

function typeErrors(file: string): string[] {
  const config = ts.readConfigFile("tsconfig.json", (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ".");
  const program = ts.createProgram([file], options);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? -1;
    return `${diagnostic.file?.fileName}:${line + 1} ${ts.flattenDiagnosticMessageText(diagnostic.messageText, " ")}`;
  });
}

describe("definePredictor's types", () => {
  it("infer the model, the tensors and the instances, and refuse each wrong use", { timeout: 60_000 }, () => {
    expect(typeErrors("test/types/define-predictor.types.ts")).toEqual([]);
  });
});
