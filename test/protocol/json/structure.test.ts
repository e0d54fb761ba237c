import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkStructure } from "../../../protocol/json/structure.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { refusal } from "../bodies.ts";

/** A limit that texts of these tests reach. */
const LIMITS = { maxDepth: 4, maxTensorBytes: 4096 };
const check = (text: string, limits = LIMITS) => checkStructure(Buffer.from(text), limits);

describe("a large JSON text", () => {
  it("is let through where its values take little memory", () => {
    const numbers = Array.from({ length: 10_000 }, (_, index) => index / 7);
    expect(() => check(JSON.stringify({ inputs: [{ data: numbers }] }))).not.toThrow();
    expect(() => check(JSON.stringify({ b64: "A".repeat(100_000) }))).not.toThrow();
    expect(() => check("")).not.toThrow();
  });

  it.each([
    ["arrays", "[],"],
    ["objects", "{},"],
    ["texts", '"",'],
  ])("is refused where its %s would take too much", (_what, part) => {
    const text = `[${part.repeat(2000)}1]`;
    const error = refusal(() => check(text));
    expect(error).toMatchObject({ code: "KTS_BODY_TOO_LARGE", status: 413 });
    expect(error.message).toMatch(
      /arrays, objects and strings would take \d+ bytes of memory, the limit is 4096/,
    );
    expect(error.hint).toContain("--max_tensor_bytes");
    expect(() => check(text, { ...LIMITS, maxTensorBytes: 1_000_000 })).not.toThrow();
  });

  it("is refused where it nests too deep, in no time", () => {
    const error = refusal(() => checkStructure(Buffer.alloc(50_000_000, "["), DEFAULT_LIMITS));
    expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", status: 400 });
    expect(error.message).toBe("the JSON nests deeper than 64 levels");
  });

  it("has no brackets in its strings", () => {
    const text = JSON.stringify(["[{".repeat(5000), '\\"['.repeat(1000), "\\", "[".repeat(5000)]);
    expect(() => check(text)).not.toThrow();
  });

  it("counts at least as much as an exact count of the same text", () => {
    const texts = fc.array(fc.oneof(fc.string(), fc.constant([]), fc.constant({})), {
      minLength: 20,
      maxLength: 60,
    });
    fc.assert(
      fc.property(texts, (values) => {
        const text = JSON.stringify(values);
        const strings = values.filter((value) => typeof value === "string").length;
        const memory = 56 * (1 + values.length - strings) + 32 * strings;
        const at = (maxTensorBytes: number) => () => check(text, { maxDepth: 4, maxTensorBytes });
        expect(at(memory)).not.toThrow();
        expect(refusal(at(memory - 1)).message).toContain(`would take ${memory} bytes`);
      }),
    );
  });
});
