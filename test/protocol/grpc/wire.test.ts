import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtoReader } from "../../../protocol/grpc/wire-reader.ts";
import { ProtoWriter, messageBytes } from "../../../protocol/grpc/wire-writer.ts";

describe("numbers on the wire", () => {
  it("of 64 bits are read as they were written", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
        const writer = new ProtoWriter();
        writer.int64(value);
        const reader = new ProtoReader(messageBytes(writer.finish()));
        reader.varint();
        const bits = (BigInt(reader.high >>> 0) << 32n) | BigInt(reader.low >>> 0);
        expect(bits).toBe(BigInt.asUintN(64, value));
        expect(reader.at).toBe(reader.end);
      }),
      {
        examples: [
          [0n],
          [-1n],
          [2n ** 63n - 1n],
          [-(2n ** 63n)],
          [2n ** 64n - 1n],
          [127n],
          [128n],
          [2n ** 32n],
        ],
      },
    );
  });

  it("that are safe integers keep their sign", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const writer = new ProtoWriter();
        writer.int64(value);
        expect(new ProtoReader(messageBytes(writer.finish())).int64()).toBe(value);
      }),
    );
  });

  it.each([
    ["that do not end", Array(11).fill(0x80), "a number has more than 10 bytes"],
    ["that are cut off", [0x80], "it ends within a number"],
  ])("%s are refused", (_case, bytes, problem) => {
    expect(() => new ProtoReader(Uint8Array.from(bytes)).varint()).toThrow(
      `the message is not protobuf: ${problem}`,
    );
  });

  it.each([
    ["of field 0", [0x02, 0x00], "there is no field 0"],
    ["beyond 32 bits", [0x82, 0x80, 0x80, 0x80, 0x80, 0x01], "a tag or length has more than 32 bits"],
  ])("as tags %s are refused", (_case, bytes, problem) => {
    expect(() => new ProtoReader(Uint8Array.from(bytes)).tag()).toThrow(problem);
  });
});

describe("a message within a message", () => {
  it.each([0, 1, 127, 128, 16_383, 16_384, 2_097_152])(
    "of %i bytes has the length in front that it has",
    (size) => {
      const writer = new ProtoWriter(16);
      const outer = writer.begin(1);
      const inner = writer.begin(2);
      writer.blockField(3, new Uint8Array(size).fill(7));
      writer.end(inner);
      writer.end(outer);
      writer.textField(4, "end");
      const reader = new ProtoReader(messageBytes(writer.finish()));
      expect(reader.tag()).toBe(10);
      const within = reader.message();
      expect(within.tag()).toBe(18);
      const innermost = within.message();
      expect(innermost.tag()).toBe(26);
      const block = innermost.block();
      expect(block.length).toBe(size);
      expect(block.every((byte) => byte === 7)).toBe(true);
      expect([innermost.tag(), within.tag()]).toEqual([0, 0]);
      expect(reader.tag()).toBe(34);
      expect(reader.text("")).toBe("end");
    },
  );
});

describe("a written message", () => {
  it("has its prefix, and large raw fields are sent from where they are", () => {
    const large = new Uint8Array(5_000).fill(1);
    const writer = new ProtoWriter();
    writer.textField(1, "a");
    writer.rawField(6, large);
    writer.rawField(6, Uint8Array.of(9));
    const { head, tail, byteLength } = writer.finish();
    expect(byteLength).toBe(3 + 3 + 5_000 + 3);
    expect([...head]).toEqual([0, 0, 0, byteLength >> 8, byteLength & 255, 10, 1, 97, 50, 0x88, 0x27]);
    expect(tail[0]).toBe(large);
    expect([...(tail[1] ?? [])]).toEqual([50, 1, 9]);
  });

  it("has text as UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const writer = new ProtoWriter();
        writer.textField(1, text);
        const reader = new ProtoReader(messageBytes(writer.finish()));
        reader.tag();
        expect(reader.text("")).toBe(text.toWellFormed());
      }),
    );
  });
});
