import { describe, expect, it } from "vitest";
import type { ModelShape } from "../../../cli/client/model-shape.ts";
import { memberName, modelNames } from "../../../cli/client/names.ts";
import { saysTheSame } from "../../../cli/client/same-code.ts";
import { clientText } from "../../../cli/client/write-client.ts";

const shape = (name: string, more: Partial<ModelShape> = {}): ModelShape => ({
  name,
  inputs: [],
  outputs: [],
  takesValues: false,
  ...more,
});

describe("the names of a client", () => {
  it.each([
    [
      ["iris-v2", "iris_v2"],
      ["IrisV2", "irisV2"],
      ["IrisV22", "irisV22"],
    ],
    [
      ["2words", "---"],
      ["Model2words", "model2words"],
      ["Model", "model"],
    ],
    [
      ["client", "close"],
      ["Client", "clientModel"],
      ["Close", "closeModel"],
    ],
    [
      ["über", "模型"],
      ["Über", "über"],
      ["模型", "模型"],
    ],
  ])("of %j are identifiers, each once", (models, ...names) => {
    expect(modelNames(models)).toEqual(names.map(([type, member]) => ({ type, member })));
  });

  it("of members are quoted where they have to be", () => {
    expect(["x", "a-b", "1", "größe", 'a"b'].map(memberName)).toEqual([
      "x",
      '"a-b"',
      '"1"',
      "größe",
      '"a\\"b"',
    ]);
  });
});

describe("the text of a client", () => {
  it("is the same whatever the order of the models, and ends no comment early", () => {
    const [a, b] = [shape("a"), shape("b */ c")];
    expect(clientText([b, a])).toBe(clientText([a, b]));
    expect(clientText([a, b])).not.toContain("b */ c of");
  });

  it("says of a tensor how its elements are held", () => {
    const inputs = [
      { name: "half", datatype: "FP16", shape: [-1, 2] },
      { name: "flag", datatype: "BOOL", shape: [-1], optional: true },
      { name: "text", datatype: "BYTES", shape: [-1] },
      { name: "count", datatype: "INT8", shape: [] },
    ] as const;
    const text = clientText([shape("m", { inputs })]);
    expect(text).toContain(
      [
        "  /** FP16 [any, 2], as a Uint16Array of its bits: toFloat32() of kserve-ts gives numbers. */",
        '  readonly half: Tensor<"FP16">;',
        "  /** BOOL [any], as a Uint8Array of 0 and 1. It may be left out. */",
        '  readonly flag?: Tensor<"BOOL"> | undefined;',
        "  /** BYTES [any], as one Uint8Array an element: strings() of kserve-ts gives texts. */",
        '  readonly text: Tensor<"BYTES">;',
        "  /** INT8 [], as an Int8Array. */",
        '  readonly count: Tensor<"INT8">;',
      ].join("\n"),
    );
  });

  it("types V1's instances where they are known to be the inputs' values, and its predictions where they are rows", () => {
    const inputs = [{ name: "x", datatype: "INT64", shape: [-1, 2, 3] }] as const;
    const outputs = [
      { name: "y", datatype: "FP32", shape: [-1] },
      { name: "z", datatype: "FP32", shape: [] },
    ] as const;
    const known = clientText([shape("m", { inputs, outputs: outputs.slice(0, 1), takesValues: true })]);
    expect(known).toContain("export type MInstance = readonly (readonly (number | bigint)[])[];");
    expect(known).toContain("export type MPrediction = number | null;");
    const open = clientText([shape("m", { inputs, outputs })]);
    expect(open).toContain("export type MInstance = unknown;");
    expect(open).toContain("export type MPrediction = unknown;");
  });
});

describe("saysTheSame", () => {
  it("overlooks how code is laid out, and nothing else", () => {
    const code = 'type A =\n  | { a: "x" }\n  | B;\nf(\n  1,\n  [2,],\n);\n';
    expect(saysTheSame(code, "type A = { a: 'x' } | B\nf(1, [2])\n")).toBe(true);
    expect(saysTheSame(code, code.replace("[2,]", "[3,]"))).toBe(false);
    expect(saysTheSame(code, code.replace("B;", "C;"))).toBe(false);
  });
});
