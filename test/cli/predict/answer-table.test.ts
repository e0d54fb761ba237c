import { describe, expect, it } from "vitest";
import { answerTable } from "../../../cli/predict/answer-table.ts";

function table(answer: unknown): string[] {
  return [...answerTable(answer, { style: (_format, text) => text })];
}

describe("a table", () => {
  it("of V1 predictions has a row an instance", () => {
    expect(table({ predictions: [7, "ok", [1, 2.5], null, true] })).toEqual([
      "instance  prediction",
      "0         7",
      "1         ok",
      "2         [1, 2.5]",
      "3         null",
      "4         true",
    ]);
  });

  it("of predictions that are objects has a column a key", () => {
    expect(
      table({
        predictions: [
          { digit: 7, score: 0.9 },
          { digit: 1, other: [] },
        ],
      }),
    ).toEqual(["instance  digit  score  other", "0         7      0.9", "1         1             []"]);
  });

  it("of no predictions has its header", () => {
    expect(table({ predictions: [] })).toEqual(["instance  prediction"]);
  });

  it("of explanations says so", () => {
    expect(table({ explanations: [0.5] })).toEqual(["instance  explanation", "0         0.5"]);
  });

  it("of V2 outputs has a row an output, with exact integers", () => {
    const outputs = [
      { name: "label", datatype: "INT64", shape: [1, 2], data: [9007199254740993n, 1] },
      { name: "p", datatype: "FP32", shape: [1], data: [0.25], parameters: { a: 1 } },
    ];
    expect(table({ model_name: "m", outputs })).toEqual([
      "output  datatype  shape   data",
      "label   INT64     [1, 2]  [9007199254740993, 1]",
      "p       FP32      [1]     [0.25]",
    ]);
  });

  it("of another body has a row a member, or one for all", () => {
    expect(table({ answer: 42, why: { deep: true } })).toEqual([
      "member  value",
      "answer  42",
      'why     {"deep": true}',
    ]);
    expect(table([1, 2])).toEqual(["member  value", "answer  [1, 2]"]);
  });

  it("cuts long cells, and shows control characters as text", () => {
    const [, long, control] = table({ predictions: ["x".repeat(100), "a\n\u001b[31mb\u009b"] });
    expect(long).toBe(`0         ${"x".repeat(57)}...`);
    expect(control).toBe("1         a\\u000a\\u001b[31mb\\u009b");
  });
});
