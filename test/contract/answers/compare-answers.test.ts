import { describe, expect, it } from "vitest";
import { compareAnswers } from "../../../contract/answers/compare-answers.ts";

const v2 = (datatype: string, shape: readonly number[], data: readonly unknown[], name = "y") => ({
  outputs: [{ name, datatype, shape, data }],
});
const textsOf = (...args: Parameters<typeof compareAnswers>) =>
  compareAnswers(args[0], args[1], { mostDifferences: 10, ...args[2] }).differences.map(({ text }) => text);

describe("compareAnswers", () => {
  it("counts every difference and tells the first ones with their places and distances", () => {
    const wanted = v2("FP32", [2, 2], [1, 2, 3, 4]);
    const { differences, count, compared } = compareAnswers(wanted, v2("FP32", [2, 2], [1, 2.5, 3, 5]));
    expect({ count, compared }).toEqual({ count: 2, compared: 4 });
    expect(differences).toEqual([
      {
        output: "y",
        index: "[0][1]",
        expected: "2",
        got: "2.5",
        by: 0.5,
        text: "expected y[0][1] to be 2, got 2.5",
      },
    ]);
  });

  it.each([
    [
      "outputs in another order",
      { outputs: [...v2("FP32", [1], [1], "a").outputs, ...v2("FP32", [1], [2], "b").outputs] },
      { outputs: [...v2("FP32", [1], [2], "b").outputs, ...v2("FP32", [1], [1], "a").outputs] },
    ],
    [
      "data that is nested and data that is flat",
      v2(
        "FP32",
        [2, 2],
        [
          [1, 2],
          [3, 4],
        ],
      ),
      v2("FP32", [2, 2], [1, 2, 3, 4]),
    ],
    ["integers beyond 2^53", v2("INT64", [1], [2n ** 60n]), v2("INT64", [1], [2n ** 60n])],
    ["an integer and the same as a BigInt", v2("INT64", [1], [7]), v2("INT64", [1], [7n])],
    [
      "an integer beyond 2^53 and the number that it was rounded to",
      v2("INT64", [1], [2n ** 60n + 1n]),
      v2("INT64", [1], [2 ** 60]),
    ],
    ["NaN", v2("FP32", [1], [NaN]), v2("FP32", [1], [NaN])],
    ["null and an infinity", v2("FP32", [1], [null]), v2("FP32", [1], [-Infinity])],
    ["a word and the number that it stands for", v2("FP32", [1], ["NaN"]), v2("FP32", [1], [NaN])],
    ["bytes and V1's base64", { predictions: [{ b64: "/w==" }] }, v2("BYTES", [1], [Uint8Array.of(255)])],
    [
      "an FP32 in few digits and in all, without any tolerance",
      v2("FP32", [1], [0.1]),
      v2("FP32", [1], [Math.fround(0.1)]),
    ],
    [
      "V1's objects and the texts of JSON that V2 has for them",
      { predictions: [{ label: "a", at: [1, 2] }] },
      v2("BYTES", [1], ['{"label":"a","at":[1,2]}']),
    ],
    ["V1's ragged lists and V2's texts", { predictions: [[1], [2, 3]] }, v2("BYTES", [2], ["[1]", "[2,3]"])],
    ["a body of V1's own and V2's text", { answer: 42 }, v2("BYTES", [1], ['{"answer":42}'])],
    ["a text of V1's and V2's", "hello", v2("BYTES", [1], ["hello"])],
    [
      "V1's columns of two lengths and V2's tensors",
      { predictions: { a: [1], b: [1, 2] } },
      { outputs: [...v2("FP32", [1], [1], "a").outputs, ...v2("FP32", [2], [1, 2], "b").outputs] },
    ],
  ])("finds none between %s", (_case, wanted, got) => {
    const options = { tolerance: { relative: 0, absolute: 0 }, ignoresShape: true };
    expect(textsOf(wanted, got, options)).toEqual([]);
    expect(textsOf(got, wanted, options)).toEqual([]);
  });

  it.each([
    [
      "another datatype",
      v2("FP32", [1], [1]),
      v2("FP64", [1], [1]),
      "expected the datatype of y to be FP32, got FP64",
    ],
    [
      "another shape",
      v2("FP32", [1, 2], [1, 2]),
      v2("FP32", [2], [1, 2]),
      "expected the shape of y to be [1, 2], got [2]",
    ],
    [
      "an integer that is one off",
      v2("INT64", [1], [1_000_000]),
      v2("INT64", [1], [1_000_001]),
      "expected y[0] to be 1000000, got 1000001",
    ],
    [
      "BigInts that are one apart",
      v2("INT64", [1], [2n ** 60n]),
      v2("INT64", [1], [2n ** 60n + 1n]),
      "expected y[0] to be 1152921504606846976, got 1152921504606846977",
    ],
    ["NaN and a number", v2("FP32", [1], [NaN]), v2("FP32", [1], [0]), "expected y[0] to be NaN, got 0"],
    [
      "NaN and an infinity",
      v2("FP32", [1], [NaN]),
      v2("FP32", [1], [Infinity]),
      "expected y[0] to be NaN, got Infinity",
    ],
    ["null and a number", v2("FP32", [1], [null]), v2("FP32", [1], [0]), "expected y[0] to be null, got 0"],
    [
      "the text NaN and another",
      v2("BYTES", [1], ["NaN"]),
      v2("BYTES", [1], ["nan"]),
      'expected y[0] to be "NaN", got "nan"',
    ],
    [
      "members",
      { predictions: [{ box: { x: 1, y: 2 } }] },
      { predictions: [{ box: { x: 1, y: 3 } }] },
      "expected box[0].y to be 2, got 3",
    ],
    [
      "a member that is not there",
      { predictions: [{ box: { x: 1, y: 2 } }] },
      { predictions: [{ box: { x: 1 } }] },
      "expected box[0].y to be 2, got nothing",
    ],
    ["rows", { predictions: [[1, 2]] }, { predictions: [[1]] }, "expected 2 values of predictions[0], got 1"],
    ["nesting", { predictions: [1] }, { predictions: [[1]] }, "expected predictions[0] to be 1, got [1]"],
  ])("tells %s", (_case, wanted, got, said) => {
    expect(textsOf(wanted, got)).toEqual([said]);
  });

  it("lets floating-point numbers differ by the tolerance, in either direction and no more", () => {
    const tolerance = { relative: 0.01, absolute: 0.5 };
    const said = (a: number, b: number) => textsOf(v2("FP32", [1], [a]), v2("FP32", [1], [b]), { tolerance });
    expect([said(100, 101.5), said(101.5, 100), said(-100, -101.5)]).toEqual([[], [], []]);
    expect(said(100, 101.6)).toEqual(["expected y[0] to be 100, got 101.6"]);
    expect(said(1, -1)).toEqual(["expected y[0] to be 1, got -1"]);
  });

  it("knows from the model's outputs which of V1's whole numbers may be rounded", () => {
    const [wanted, got] = [{ predictions: [100_000] }, { predictions: [100_001] }];
    expect(textsOf(wanted, got)).toHaveLength(1);
    expect(textsOf(wanted, got, { datatypes: new Map([["y", "INT32"]]) })).toHaveLength(1);
    expect(textsOf(wanted, got, { datatypes: new Map([["y", "FP32"]]) })).toEqual([]);
  });
});

it("calls predictions without a name by what they are, where there are several outputs in their place", () => {
  const several = { predictions: [{ digit: 7, score: 0.9 }] };
  expect(compareAnswers({ predictions: [7] }, several).differences[0]).toMatchObject({
    output: "predictions",
    text: "expected one output, got digit, score",
  });
});
