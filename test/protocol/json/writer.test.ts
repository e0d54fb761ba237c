import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DATATYPES, type Datatype } from "../../../contract/datatype.ts";
import { fromFloat32 } from "../../../contract/half.ts";
import { type Tensor, tensor } from "../../../contract/tensor.ts";
import { JsonWriter, type WriterRules } from "../../../protocol/json/writer.ts";
import { tensorOf } from "../arbitraries.ts";
import { bytesOf, refusal } from "../bodies.ts";

const RULES: WriterRules = { nonFinite: "null", code: "KTS_BAD_PREDICTION", base64: true };
const at = (index: number) => `x[${index}]`;

/** What a writer has written, as text. */
function written(write: (writer: JsonWriter) => void, rules: Partial<WriterRules> = {}): string {
  const writer = new JsonWriter({ ...RULES, ...rules });
  write(writer);
  return bytesOf(writer.finish()).toString();
}

function elements(made: Tensor, rules: Partial<WriterRules> = {}): string {
  return written((writer) => writer.elements(made, 0, made.data.length, at), rules);
}

const doubles = (length: number) => Float64Array.from({ length }, (_, index) => index / 3);

describe("a JSON writer", () => {
  it("writes elements in JSON's words", () => {
    expect(elements(tensor("BOOL", [3], [true, false, true]))).toBe("true,false,true");
    expect(elements(tensor("INT8", [3], [-128, 0, 127]))).toBe("-128,0,127");
    expect(elements(tensor("UINT32", [1], [4294967295]))).toBe("4294967295");
    expect(elements(tensor("INT64", [3], [-(2n ** 63n), -1n, 2n ** 63n - 1n]))).toBe(
      "-9223372036854775808,-1,9223372036854775807",
    );
    expect(elements(tensor("UINT64", [2], [2n ** 53n, 2n ** 64n - 1n]))).toBe(
      "9007199254740992,18446744073709551615",
    );
    expect(elements(tensor("FP32", [3], [0.1, -0, 1e-10]))).toBe("0.1,-0.0,1e-10");
    expect(elements(tensor("FP64", [6], [0.1, -0, 5e-324, 1e21, 1, 2]))).toBe("0.1,-0.0,5e-324,1e+21,1,2");
    expect(elements(fromFloat32("FP16", [2], [0.1, 65504]))).toBe("0.0999755859375,65504");
    expect(elements(fromFloat32("BF16", [2], [0.1, -1]))).toBe("0.100097656,-1");
    expect(elements(tensor("BYTES", [2], ['a"\n', "日"]))).toBe('"a\\"\\n","日"');
  });

  it.each(DATATYPES)("writes a part of a %s tensor as that part of the whole", (datatype: Datatype) => {
    const tensors = tensorOf(datatype, { beyondJson: false });
    fc.assert(
      fc.property(tensors, fc.nat(), fc.nat(), (made, one, other) => {
        const length = made.data.length;
        const from = Math.min(one, other) % (length + 1);
        const to = Math.max(from, Math.max(one, other) % (length + 1));
        const all = JSON.parse(`[${elements(made)}]`) as unknown[];
        const part = written((writer) => writer.elements(made, from, to, at));
        expect(JSON.parse(`[${part}]`)).toEqual(all.slice(from, to));
      }),
    );
  });

  it("keeps the order of texts, marks and elements", () => {
    const numbers = tensor("INT8", [3], [1, 2, 3]);
    const text = written((writer) => {
      writer.mark("[");
      writer.elements(numbers, 0, 2, at);
      writer.mark("]");
      writer.text(',{"é":');
      writer.mark("[");
      writer.elements(numbers, 2, 3, at);
      writer.mark(",");
      writer.elements(numbers, 0, 1, at);
      writer.mark("]");
      writer.text("}");
    });
    expect(text).toBe('[1,2],{"é":[3,1]}');
  });

  it("gives a small text as one string, and the numbers of a large one as bytes", () => {
    const small = new JsonWriter(RULES);
    small.text('{"a":');
    small.elements(tensor("FP32", [2], [1, 2]), 0, 2, at);
    small.text("}");
    expect(small.finish()).toEqual({ head: '{"a":1,2}', tail: [] });
    const large = new JsonWriter(RULES);
    large.text("[");
    large.elements(tensor("INT32", [20_000], new Int32Array(20_000).fill(1234567)), 0, 20_000, at);
    large.text("]é");
    const { head, tail } = large.finish();
    expect(head).toBe("[");
    expect(bytesOf({ head, tail }).toString()).toBe(`[${Array(20_000).fill(1234567).join(",")}]é`);
  });

  it.each<[string, Tensor]>([
    ["FP32", tensor("FP32", [30_000], Float32Array.from(doubles(30_000)))],
    ["FP64", tensor("FP64", [30_000], doubles(30_000))],
    [
      "INT64",
      tensor(
        "INT64",
        [30_000],
        BigInt64Array.from({ length: 30_000 }, (_, n) => 2n ** 62n - BigInt(n)),
      ),
    ],
    [
      "BOOL",
      tensor(
        "BOOL",
        [30_000],
        Array.from({ length: 30_000 }, (_, n) => n % 3 === 0),
      ),
    ],
    [
      "BYTES",
      tensor(
        "BYTES",
        [3000],
        Array.from({ length: 3000 }, (_, n) => "é".repeat(n % 50)),
      ),
    ],
  ])("writes a long tensor of %s whole, whatever is around it", (_datatype, made) => {
    const { length } = made.data;
    const alone = elements(made);
    expect(alone.split(",")).toHaveLength(length);
    const rows = written((writer) => {
      for (let row = 0; row < 10; row++) {
        writer.mark(row === 0 ? "[" : ",");
        writer.elements(made, (row * length) / 10, ((row + 1) * length) / 10, at);
        if (row % 3 === 0) writer.text(" ");
      }
    });
    expect(rows.replaceAll(" ", "")).toBe(`[${alone}`);
  });

  it("is not disturbed by another that writes at the same time", () => {
    const one = new JsonWriter(RULES);
    const other = new JsonWriter(RULES);
    one.elements(tensor("INT8", [2], [1, 2]), 0, 2, at);
    other.elements(tensor("INT8", [2], [3, 4]), 0, 2, at);
    one.mark(",");
    one.elements(tensor("INT8", [1], [5]), 0, 1, at);
    expect(bytesOf(one.finish()).toString()).toBe("1,2,5");
    expect(bytesOf(other.finish()).toString()).toBe("3,4");
  });

  it("writes right after one that gave up", () => {
    const half = new JsonWriter({ ...RULES, nonFinite: "error" });
    expect(() => half.elements(tensor("FP32", [2], [1, NaN]), 0, 2, at)).toThrow("JSON has no NaN");
    expect(elements(tensor("INT8", [2], [1, 2]))).toBe("1,2");
  });
});

describe("what JSON has no word for", () => {
  const floats = [
    tensor("FP32", [4], [1, NaN, Infinity, -Infinity]),
    tensor("FP64", [4], [1, NaN, Infinity, -Infinity]),
    tensor("FP64", [7], [1, NaN, Infinity, -Infinity, 1, 1, 1]),
    fromFloat32("FP16", [4], [1, NaN, Infinity, -Infinity]),
    fromFloat32("BF16", [4], [1, NaN, Infinity, -Infinity]),
  ];

  it("is null, or a string, as the rules say", () => {
    for (const made of floats) {
      expect(elements(made).slice(0, 16)).toBe("1,null,null,null");
      expect(elements(made, { nonFinite: "string" }).slice(0, 29)).toBe(
        '1,"NaN","Infinity","-Infinity"'.slice(0, 29),
      );
    }
  });

  it("is an error that names the element, also in a part", () => {
    for (const made of floats) {
      const error = refusal(() => elements(made, { nonFinite: "error" }));
      expect(error).toMatchObject({ code: "KTS_BAD_PREDICTION", message: "x[1]: JSON has no NaN" });
      expect(error.hint).toContain("--non_finite");
      const part = refusal(() =>
        written((writer) => writer.elements(made, 2, 4, at), {
          nonFinite: "error",
          code: "KTS_INVALID_INPUT",
        }),
      );
      expect(part).toMatchObject({ code: "KTS_INVALID_INPUT", message: "x[2]: JSON has no Infinity" });
    }
  });

  it("is base64 for bytes that are not UTF-8, or an error that names the element", () => {
    const made = tensor("BYTES", [2], ["a", Uint8Array.of(0xff, 0x00)]);
    expect(elements(made)).toBe('"a",{"b64":"/wA="}');
    const error = refusal(() => elements(made, { base64: false }));
    expect(error.status).toBe(400);
    expect(error.message).toMatch(/^x\[1\]: 2 bytes are not UTF-8 text, which JSON needs/);
  });
});
