import { describe, expect, it } from "vitest";
import { protocolOf, tensorsOf, v1Body, v2Body } from "../../../../runtime/playground/page/body.ts";
import { compactJson, parseJson, printJson } from "../../../../runtime/playground/page/values.ts";

const X = { name: "x", datatype: "INT64", shape: [-1, 1, 2] } as const;
const T = { name: "t", datatype: "BYTES", shape: [-1] } as const;
const TWO = [
  { name: "x", datatype: "INT64", shape: [2, 1, 2], data: [1, 2, 3, 9_007_199_254_740_993n] },
  { name: "t", datatype: "BYTES", shape: [2], data: ["a", "b"] },
];

describe("the page's bodies", () => {
  it("are instances in V1: values of one input, objects of several", () => {
    expect(v1Body(TWO.slice(0, 1), [X])).toEqual({ instances: [[[1, 2]], [[3, 9_007_199_254_740_993n]]] });
    expect(v1Body(TWO, [X, T])).toEqual({
      instances: [
        { x: [[1, 2]], t: "a" },
        { x: [[3, 9_007_199_254_740_993n]], t: "b" },
      ],
    });
  });

  it("become tensors again, in either protocol, with every digit", () => {
    for (const body of [v1Body(TWO, [X, T]), v2Body(TWO)]) {
      expect(tensorsOf(parseJson(compactJson(body)), [X, T])).toEqual(TWO);
    }
  });

  it("may leave out dimensions of length 1 in V1, as the server lets them", () => {
    const [x] = tensorsOf({ instances: [[1, 2]] }, [X]) ?? [];
    expect(x).toEqual({ name: "x", datatype: "INT64", shape: [1, 1, 2], data: [1, 2] });
  });

  it("are no tensors where they say more, or other than the signature", () => {
    expect(tensorsOf({ instances: [[[1, 2]]], parameters: {} }, [X])).toBeUndefined();
    expect(tensorsOf({ instances: [{ data: "aGk=" }] }, [X])).toBeUndefined();
    expect(tensorsOf({ instances: [[1, 2, 3]] }, [X])).toBeUndefined();
    expect(tensorsOf({ instances: [] }, [X])).toBeUndefined();
    expect(
      tensorsOf({ inputs: [{ name: "x", datatype: "INT64", shape: [3], data: [1] }] }, [X]),
    ).toBeUndefined();
    expect(tensorsOf([1], [X])).toBeUndefined();
  });

  it("say which protocol they are of", () => {
    expect(protocolOf({ instances: [] })).toBe("v1");
    expect(protocolOf({ inputs: [] })).toBe("v2");
    expect(protocolOf({ instances: 1 })).toBeUndefined();
    expect(protocolOf(null)).toBeUndefined();
  });
});

describe("the page's JSON", () => {
  it("is written to be read, short parts on one line", () => {
    expect(printJson({ instances: [[1, 2]] })).toBe('{"instances": [[1, 2]]}');
    const long = printJson({ data: Array.from({ length: 40 }, (_, at) => at), shape: [40] });
    expect(long.split("\n").every((line) => line.length <= 80)).toBe(true);
    expect(JSON.parse(long)).toEqual({ data: Array.from({ length: 40 }, (_, at) => at), shape: [40] });
    expect(long).toMatch(/^\{\n {2}"data": \[\n {4}0, 1, 2/);
  });

  it("keeps integers that a double cannot hold", () => {
    expect(printJson(parseJson("[9007199254740993, 1.5, -18446744073709551615]"))).toBe(
      "[9007199254740993, 1.5, -18446744073709551615]",
    );
  });
});
