import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unifiedDiff } from "../../../cli/deploy/unified-diff.ts";
import { folderWith } from "../run-cli.ts";

describe("a unified diff", () => {
  it("is empty of two texts that are the same", () => {
    expect(unifiedDiff("a\nb\n", "a\nb\n")).toEqual([]);
  });

  it("shows three lines around a change, and changes far apart as two", () => {
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at + 1}`);
    const after = lines.with(1, "second").toSpliced(17, 1);
    expect(unifiedDiff(`${lines.join("\n")}\n`, `${after.join("\n")}\n`)).toEqual([
      "@@ -1,5 +1,5 @@",
      " line 1",
      "-line 2",
      "+second",
      " line 3",
      " line 4",
      " line 5",
      "@@ -15,6 +15,5 @@",
      " line 15",
      " line 16",
      " line 17",
      "-line 18",
      " line 19",
      " line 20",
    ]);
  });

  it("names the line before where a side has nothing", () => {
    expect(unifiedDiff("", "a\nb\n")).toEqual(["@@ -0,0 +1,2 @@", "+a", "+b"]);
    expect(unifiedDiff("a\n", "")).toEqual(["@@ -1,1 +0,0 @@", "-a"]);
  });

  it("is what git apply makes the other text of", async () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", "d: e"), { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        const [old, fresh] = [before, after].map((lines) => lines.map((line) => `${line}\n`).join(""));
        const diff = unifiedDiff(old as string, fresh as string);
        if (diff.length === 0) {
          expect(old).toBe(fresh);
          return;
        }
        await using folder = await folderWith({
          old: old as string,
          diff: `--- a/old\n+++ b/old\n${diff.join("\n")}\n`,
        });
        await promisify(execFile)("git", ["apply", "diff"], { cwd: folder.path });
        expect(await readFile(join(folder.path, "old"), "utf8")).toBe(fresh);
      }),
      { numRuns: 15 },
    );
  });
});
