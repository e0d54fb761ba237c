import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromFloat32 } from "../../../contract/half.ts";
import { tensor } from "../../../contract/tensor.ts";
import { writePlain } from "../../../protocol/json/plain.ts";
import { JsonWriter, type WriterRules } from "../../../protocol/json/writer.ts";
import { bytesOf, refusal } from "../bodies.ts";

function written(value: unknown, given: Partial<WriterRules> = {}, path = "x"): string {
  const rules: WriterRules = { nonFinite: "null", code: "KTS_BAD_PREDICTION", base64: true, ...given };
  const writer = new JsonWriter(rules);
  writePlain(writer, value, rules, path);
  return bytesOf(writer.finish()).toString();
}

describe("a plain value", () => {
  it("is read back as it was, and written as JSON.stringify writes it in all else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(written(value))).toEqual(value);
      }),
    );
    expect(written({ a: undefined, b: [undefined, () => 1], c: "\ud800" })).toBe(
      '{"b":[null,null],"c":"\\ud800"}',
    );
    expect(written(undefined)).toBe("null");
    expect(written(new Date(0))).toBe('"1970-01-01T00:00:00.000Z"');
    expect(written({ at: new Date(0), n: NaN })).toBe('{"at":"1970-01-01T00:00:00.000Z","n":null}');
  });

  it("may hold what JSON.stringify drops or cannot say", () => {
    expect(written([-0, { a: -0 }])).toBe('[-0.0,{"a":-0.0}]');
    expect(written({ a: 2n ** 64n, b: [1n] })).toBe('{"a":18446744073709551616,"b":[1]}');
    expect(written([Float32Array.of(0.1, 2), Int8Array.of(-1)])).toBe("[[0.1,2],[-1]]");
    expect(written({ long: BigInt64Array.of(2n ** 62n) })).toBe('{"long":[4611686018427387904]}');
    expect(written([Float16Array.of(0.5)])).toBe("[[0.5]]");
    expect(written([Uint8Array.of(255), Buffer.of(1), Uint8Array.of(1).buffer])).toBe(
      '[{"b64":"/w=="},{"b64":"AQ=="},{"b64":"AQ=="}]',
    );
    expect(written([new DataView(new ArrayBuffer(2), 1)])).toBe('[{"b64":"AA=="}]');
    expect(written([1n, { a: undefined, f: () => 1, s: Symbol("x"), b: undefined }, undefined])).toBe(
      "[1,{},null]",
    );
  });

  it("may hold tensors, which are written as arrays", () => {
    expect(written({ t: tensor("INT8", [2, 2], [1, 2, 3, 4]) })).toBe('{"t":[[1,2],[3,4]]}');
    expect(written([fromFloat32("BF16", [1], [2])])).toBe("[[2]]");
    expect(written([tensor("BYTES", [1], [Uint8Array.of(255)])])).toBe('[[{"b64":"/w=="}]]');
    expect(written([tensor("BYTES", [0], []), tensor("FP32", [0], [])])).toBe("[[],[]]");
    expect(written({ t: { datatype: "FP32", shape: [1], data: [1] } })).toBe(
      '{"t":{"datatype":"FP32","shape":[1],"data":[1]}}',
    );
  });

  it("says NaN and infinities by the rules", () => {
    expect(written([1, [NaN], { a: -Infinity }])).toBe('[1,[null],{"a":null}]');
    expect(written([NaN, Float64Array.of(Infinity)], { nonFinite: "string" })).toBe('["NaN",["Infinity"]]');
  });

  it.each<[string, unknown, string]>([
    ["a number", NaN, "x: JSON has no NaN"],
    ["a number in a list", [1, [2, NaN]], "x[1][1]: JSON has no NaN"],
    ["a number in an object", { a: [{ b: Infinity }] }, "x.a[0].b: JSON has no Infinity"],
    ["an element of a typed array", { a: Float64Array.of(1, -Infinity) }, "x.a[1]: JSON has no -Infinity"],
    ["an element of a tensor", [tensor("FP32", [2, 2], [1, 2, 3, NaN])], "x[0][1][1]: JSON has no NaN"],
  ])("names the place of %s that JSON cannot say", (_case, value, message) => {
    const error = refusal(() => written(value, { nonFinite: "error", code: "KTS_INVALID_INPUT" }));
    expect(error).toMatchObject({ message, code: "KTS_INVALID_INPUT" });
    const bare = message.replace(/^x\.?/, "").replace(/^: /, "");
    expect(refusal(() => written(value, { nonFinite: "error" }, "")).message).toBe(
      bare.startsWith("JSON") ? `: ${bare}` : bare,
    );
  });

  it("is refused where a tensor in it does not fill its shape", () => {
    const short = { datatype: "INT8", shape: [2, 2], data: Int8Array.of(1) };
    const error = refusal(() => written({ a: [short] }));
    expect(error).toMatchObject({
      code: "KTS_BAD_PREDICTION",
      message: "x.a[0]: has 1 elements, which do not make the shape [2, 2]",
    });
  });

  it("is refused where it holds itself, in no time", () => {
    const loop: Record<string, unknown> = { a: 1 };
    loop["self"] = [loop, loop];
    const error = refusal(() => written(loop));
    expect(error.code).toBe("KTS_BAD_PREDICTION");
    expect(error.message).toMatch(/^x\.self\[0\].{1,120}: nests deeper than 1000 levels, or holds itself$/);
  });

  it("may nest deeper than JSON.stringify is asked to, up to 1000 levels", () => {
    let deep: unknown = 1n;
    for (let level = 0; level < 1000; level++) deep = [deep];
    expect(written(deep)).toBe("[".repeat(1000) + "1" + "]".repeat(1000));
  });
});
