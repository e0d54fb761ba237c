import { describe, expect, it } from "vitest";
import { asV1, asV2 } from "../../../builder/proof/other-protocol.ts";
import type { ModelSignature } from "../../../builder/proof/index.ts";

const takes = (...inputs: ModelSignature["inputs"]): ModelSignature => ({ inputs, outputs: [] });
const x = { name: "x", datatype: "FP32", shape: [-1, 2] } as const;
const bodyOf = (converted: object) =>
  "body" in converted ? (JSON.parse(String(converted.body)) as unknown) : converted;

describe("asV2", () => {
  it("makes a tensor of rows, of instances or a list alone", () => {
    const wanted = { inputs: [{ name: "x", datatype: "FP32", shape: [2, 2], data: [1, 2, 3, 4] }] };
    const rows = [
      [1, 2],
      [3, 4],
    ];
    expect(bodyOf(asV2({ instances: rows }, takes(x)))).toEqual(wanted);
    expect(bodyOf(asV2(rows, takes(x)))).toEqual(wanted);
    expect(bodyOf(asV2({ instances: rows.map((row) => ({ x: row })) }, takes(x)))).toEqual(wanted);
  });

  it("makes a tensor of each name where there are several", () => {
    const name = { name: "word", datatype: "BYTES", shape: [-1] } as const;
    const instances = [
      { x: [1, 2], word: "a" },
      { x: [3, 4], word: "b" },
    ];
    expect(bodyOf(asV2({ instances }, takes(x, name)))).toEqual({
      inputs: [
        { name: "x", datatype: "FP32", shape: [2, 2], data: [1, 2, 3, 4] },
        { name: "word", datatype: "BYTES", shape: [2], data: ["a", "b"] },
      ],
    });
  });

  it("gives rows of the same values the model's own shape", () => {
    const image = { name: "x", datatype: "FP32", shape: [-1, 1, 2, 2] } as const;
    const instances = [
      [
        [1, 2],
        [3, 4],
      ],
    ];
    expect(bodyOf(asV2({ instances }, takes(image)))).toEqual({
      inputs: [{ name: "x", datatype: "FP32", shape: [1, 1, 2, 2], data: [1, 2, 3, 4] }],
    });
  });

  it.each([
    ["has none", {}, takes(x), "it has no instances"],
    ["is empty", { instances: [] }, takes(x), "it has no instances"],
    [
      "goes to a model without a signature",
      { instances: [[1, 2]] },
      takes(),
      "the model does not say what it takes",
    ],
    [
      "has ragged rows",
      { instances: [[1, 2], [3]] },
      takes(x),
      "its instances are not the values of x FP32 [-1, 2]",
    ],
    [
      "has other values",
      { instances: [["a", "b"]] },
      takes(x),
      "its instances are not the values of x FP32 [-1, 2]",
    ],
    ["has too few", { instances: [[1]] }, takes(x), "its instances are not the values of x FP32 [-1, 2]"],
    [
      "has base64",
      { instances: [{ b64: "AA==" }] },
      takes(x),
      "its instances are not the values of x FP32 [-1, 2]",
    ],
  ])("refuses a request that %s", (_case, body, signature, reason) => {
    expect(asV2(body, signature)).toEqual({ reason });
  });
});

describe("asV1", () => {
  it("makes rows of a tensor, be its data flat or nested", () => {
    const wanted = {
      instances: [
        [1, 2],
        [3, 4],
      ],
    };
    const tensor = { name: "x", datatype: "FP32", shape: [2, 2] };
    expect(bodyOf(asV1({ inputs: [{ ...tensor, data: [1, 2, 3, 4] }] }))).toEqual(wanted);
    expect(bodyOf(asV1({ inputs: [{ ...tensor, data: wanted.instances }] }))).toEqual(wanted);
  });

  it("makes rows by name of several tensors", () => {
    const inputs = [
      { name: "x", datatype: "FP32", shape: [2, 1], data: [1, 2] },
      { name: "word", datatype: "BYTES", shape: [2], data: ["a", "b"] },
    ];
    expect(bodyOf(asV1({ inputs }))).toEqual({
      instances: [
        { x: [1], word: "a" },
        { x: [2], word: "b" },
      ],
    });
  });

  it.each([
    ["no inputs", [], "it has no inputs"],
    ["a scalar", [{ shape: [], data: [1] }], "its tensors are not rows of one batch"],
    ["data of another length", [{ shape: [2, 2], data: [1, 2, 3] }], "its tensors are not rows of one batch"],
    [
      "batches of two lengths",
      [
        { shape: [2], data: [1, 2] },
        { shape: [1], data: [1] },
      ],
      "its tensors are not rows of one batch",
    ],
  ])("refuses %s", (_case, inputs, reason) => {
    expect(asV1({ inputs })).toEqual({ reason });
  });
});
