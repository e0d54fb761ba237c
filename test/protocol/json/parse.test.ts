import { describe, expect, it } from "vitest";
import { decodeText, parseJson, parseText } from "../../../protocol/json/parse.ts";
import { refusal } from "../bodies.ts";

describe("a body's JSON", () => {
  it("is read from UTF-8", () => {
    expect(parseJson(Buffer.from('{"日本":["é","\\u00e9","\ud83d\ude00"]}'))).toEqual({
      日本: ["é", "é", "😀"],
    });
    expect(parseJson(Buffer.from(" 5\n"))).toBe(5);
  });

  it("is refused where it is not UTF-8", () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc3],
      [0xed, 0xa0, 0x80],
      [0xfe, 0xff, 0x00, 0x31],
    ]) {
      const error = refusal(() => decodeText(Uint8Array.from(bytes)));
      expect(error).toMatchObject({ status: 400 });
      expect(error.message).toBe("Unrecognized request format: the body is not UTF-8 text");
    }
  });

  it("does not begin with a byte order mark", () => {
    expect(refusal(() => parseJson(Buffer.from("\ufeff{}"))).message).toContain(
      'expected a value, got "\ufeff"',
    );
  });

  it("is refused with the place where it is broken", () => {
    const error = refusal(() => parseText('{"instances": [1,\n 2,]}'));
    expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", status: 400 });
    expect(error.message).toBe(
      'Unrecognized request format: expected a value, got "]": line 2 column 4 (char 21)',
    );
    expect(error.cause).toBeInstanceOf(SyntaxError);
  });

  it("may nest as deep as it likes here; what is made of it has its own limit", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(Array.isArray(parseJson(Buffer.from(deep)))).toBe(true);
  });

  it("is refused before it is parsed where its values would fill the memory", () => {
    const limits = { maxDepth: 64, maxTensorBytes: 65_536 };
    const rows = Buffer.from(`[${"[],".repeat(400_000)}[]]`);
    expect(refusal(() => parseJson(rows, limits)).status).toBe(413);
    expect(parseJson(rows)).toHaveLength(400_001);
  });
});
