import { describe, expect, it } from "vitest";
import { answerDiff } from "../../../builder/proof/compare-answers.ts";
import { signatureDiff } from "../../../builder/proof/signature-diff.ts";

const v2 = (outputs: Readonly<Record<string, readonly unknown[]>>) => ({
  id: "1",
  outputs: Object.entries(outputs).map(([name, data]) => ({
    name,
    datatype: "FP32",
    shape: [data.length],
    data,
  })),
});

describe("answerDiff", () => {
  it.each([
    ["a list alone", [7], { predictions: [7] }],
    ["V1 and V2", { predictions: [[1, 2]] }, v2({ y: [1, 2] })],
    [
      "named rows and V2",
      {
        predictions: [
          { a: 1, b: 3 },
          { a: 2, b: 4 },
        ],
      },
      v2({ a: [1, 2], b: [3, 4] }),
    ],
    ["numbers that differ in their last bits", [0.3], { predictions: [0.1 + 0.2] }],
    ["large numbers that differ a little", v2({ y: [100_000] }), { predictions: [100_001] }],
    ["base64 and text", { predictions: [{ b64: "YQ==" }] }, v2({ y: ["a"] })],
  ])("finds none between %s", (_case, expected, actual) => {
    expect(answerDiff(expected, actual, { outputs: [] })).toBeUndefined();
  });

  it.each([
    [[7], { predictions: [8] }, "expected predictions[0] to be 7, got 8"],
    [[1, 2], { predictions: [1] }, "expected 2 values of predictions, got 1"],
    [[0.3], { predictions: [0.301] }, "expected predictions[0] to be 0.3, got 0.301"],
    [["a"], { predictions: [1] }, 'expected predictions[0] to be "a", got 1'],
    [v2({ a: [1] }), v2({ b: [1] }), "expected an output a, got b"],
    [v2({ a: [1], b: [2] }), v2({ a: [1], c: [2] }), "expected an output b, got a, c"],
    [v2({ a: [1], b: [2] }), v2({ a: [1], b: [2], c: [3] }), "got outputs that were not expected: c"],
    [v2({ y: [1, 2] }), { predictions: [[1, 3]] }, "expected y[1] to be 2, got 3"],
    [{ result: 1 }, { result: 2 }, "expected answer.result to be 1, got 2"],
    [[100_000], { predictions: [100_001] }, "expected predictions[0] to be 100000, got 100001"],
    [[1, 2], { predictions: [2, 3] }, "expected predictions[0] to be 1, got 2"],
  ])("between %j and %j: %s is said", (expected, actual, said) => {
    expect(answerDiff(expected, actual, { outputs: [] })).toBe(said);
  });
});

describe("signatureDiff", () => {
  const x = { name: "x", datatype: "FP32", shape: [-1, 2] } as const;
  const y = { name: "y", datatype: "INT64", shape: [-1] } as const;

  it("says nothing about what agrees, or is not declared", () => {
    expect(signatureDiff({ inputs: [x], outputs: [y] }, { inputs: [x], outputs: [y] })).toEqual([]);
    expect(signatureDiff({ inputs: [], outputs: [] }, { inputs: [x], outputs: [y] })).toEqual([]);
  });

  it("shows both where a tensor differs", () => {
    const declared = { inputs: [{ ...x, shape: [-1, 3] }], outputs: [{ ...y, datatype: "FP32" as const }] };
    expect(signatureDiff(declared, { inputs: [x], outputs: [y] })).toEqual([
      "- input x FP32 [-1, 3] is declared\n+ input x FP32 [-1, 2] is the model's",
      "- output y FP32 [-1] is declared\n+ output y INT64 [-1] is the model's",
    ]);
  });

  it("names what one side lacks", () => {
    expect(
      signatureDiff({ inputs: [x], outputs: [y] }, { inputs: [{ ...x, name: "z" }], outputs: [] }),
    ).toEqual([
      "- input x FP32 [-1, 2] is declared, and the model has no x (it has: z)",
      "+ input z FP32 [-1, 2] is the model's, and not declared",
      "- output y INT64 [-1] is declared, and the model has no y (it has: none)",
    ]);
  });
});
