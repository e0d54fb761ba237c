import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText } from "../../contract/texts.ts";
import { decodeUtf8, encodeTexts, fromBase64, toBase64 } from "../../../protocol/elements/text.ts";

const texts = fc.array(anyText({ maxLength: 10 }), { maxLength: 6 });

describe("texts", () => {
  it("come back as they were encoded", () => {
    fc.assert(
      fc.property(texts, (list) => {
        expect(encodeTexts(list).map((bytes) => decodeUtf8(bytes))).toEqual(list);
      }),
    );
    expect(decodeUtf8(encodeTexts(["\ufeffa"])[0] as Uint8Array)).toBe("\ufeffa");
  });

  it("share one block of just their size, which is nobody else's", () => {
    const encoded = encodeTexts(["ab", "", "é", "日"]);
    expect(new Set(encoded.map(({ buffer }) => buffer)).size).toBe(1);
    expect(encoded[0]?.buffer.byteLength).toBe(7);
  });

  it("leave bytes among them as they are", () => {
    const bytes = Uint8Array.of(255);
    const encoded = encodeTexts(["a", bytes, "b"]);
    expect(encoded[1]).toBe(bytes);
    expect(encoded[0]?.buffer.byteLength).toBe(2);
  });

  it("are none where the bytes are not UTF-8", () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
      expect(decodeUtf8(Uint8Array.from(bytes))).toBeUndefined();
    }
  });
});

describe("base64", () => {
  it("gives any bytes back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(3), (bytes, offset) => {
        const part = bytes.subarray(Math.min(offset, bytes.length));
        expect(fromBase64(toBase64(part))).toEqual(Uint8Array.from(part));
      }),
    );
  });

  it("gives bytes a block of their own", () => {
    expect(fromBase64("AQID")?.buffer.byteLength).toBe(3);
  });

  it("is not what is cut off, has other characters, or wrong padding", () => {
    for (const text of [
      "A",
      "AB",
      "ABC",
      "AB=C",
      "A===",
      "====",
      "AB==AB==",
      "AB-_",
      "AB C",
      "AB\n=",
      "é===",
    ]) {
      expect(fromBase64(text), text).toBeUndefined();
    }
    expect(fromBase64("")).toEqual(new Uint8Array(0));
  });
});
