import { describe, expect, it } from "vitest";
import { importProblem } from "./import-rule.js";

describe("the import rule of the house", () => {
  it("lets a part import what lies below it", () => {
    expect(importProblem("runtime/http/hot-path.ts", "../../protocol/v1.ts", false)).toBeUndefined();
    expect(importProblem("cli/commands/serve.ts", "../../runtime/index.ts", false)).toBeUndefined();
  });

  it("refuses an import upwards or sideways", () => {
    expect(importProblem("protocol/v1.ts", "../runtime/index.ts", false)).toMatch(
      /protocol\/ may import contract/,
    );
    expect(importProblem("contract/index.ts", "../protocol/v1.ts", true)).toMatch(/nothing of ours/);
    expect(importProblem("builder/plan.ts", "../runtime/options.ts", false)).toMatch(/not runtime/);
  });

  it("keeps heavy packages in their one folder", () => {
    expect(importProblem("runtime/http/control-app.ts", "express", false)).toBeUndefined();
    expect(importProblem("runtime/data-plane.ts", "express", false)).toMatch(/only in runtime\/http/);
    expect(importProblem("runtime/server.ts", "express", true)).toBeUndefined();
    expect(importProblem("cli/run.ts", "onnxruntime-node", false)).toMatch(/runtime\/engines/);
  });

  it("keeps a cloud's SDK in one file", () => {
    expect(importProblem("deployer/storage/s3.ts", "@aws-sdk/client-s3", false)).toBeUndefined();
    expect(importProblem("deployer/storage/gcs.ts", "@aws-sdk/client-s3", false)).toMatch(/storage\/s3\.ts/);
    expect(importProblem("deployer/storage/s3-resume.ts", "@aws-sdk/client-s3", true)).toBeUndefined();
  });
});
