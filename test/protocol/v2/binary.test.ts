import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DATATYPES, DATATYPE_SIZE, type FixedDatatype } from "../../../contract/datatype.ts";
import { BinaryPart, decodeRaw, encodeRaw } from "../../../protocol/v2/binary-part.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { decodeV2Request } from "../../../protocol/v2.ts";
import { expectSame, tensorOf } from "../arbitraries.ts";
import { refusal, shifted } from "../bodies.ts";

const decode = (datatype: (typeof DATATYPES)[number], bytes: readonly number[], count: number) =>
  decodeRaw(datatype, Uint8Array.from(bytes), count, "x", DEFAULT_LIMITS);

describe("raw elements", () => {
  it.each(DATATYPES)("of %s come back at any offset", (datatype) => {
    fc.assert(
      fc.property(tensorOf(datatype, { beyondJson: true }), fc.nat(8), (made, offset) => {
        const raw = shifted(encodeRaw(made.data), offset);
        const count = made.data.length;
        const data = decodeRaw(datatype, raw, count, "x", DEFAULT_LIMITS);
        expectSame({ ...made, data }, made);
        if (datatype === "BYTES" || count === 0) return;
        // Shared where it is aligned, so that large tensors are not copied.
        const isShared = (data as Uint8Array).buffer === raw.buffer;
        expect(isShared).toBe(offset % DATATYPE_SIZE[datatype as FixedDatatype] === 0);
      }),
    );
  });

  it("are little-endian, and BYTES each behind its length", () => {
    expect(decode("INT32", [1, 2, 0, 0x80], 1)).toEqual(Int32Array.of(-0x7ffffdff));
    expect(decode("UINT64", [1, 0, 0, 0, 0, 0, 0, 0xff], 1)).toEqual(BigUint64Array.of(0xff00000000000001n));
    expect(decode("FP32", [0, 0, 0x80, 0x3f], 1)).toEqual(Float32Array.of(1));
    expect(encodeRaw([Uint8Array.of(255), new Uint8Array(0)])).toEqual(
      Uint8Array.of(1, 0, 0, 0, 255, 0, 0, 0, 0),
    );
  });

  it("of a part of an array are that part only", () => {
    const whole = Float32Array.of(9, 1, 2, 9);
    expect(encodeRaw(whole.subarray(1, 3))).toEqual(new Uint8Array(Float32Array.of(1, 2).buffer));
  });

  it.each<[string, () => unknown, string]>([
    ["too short", () => decode("FP32", [0, 0, 0], 1), "x: expected 4 bytes (1 elements of FP32), got 3"],
    ["too long", () => decode("INT8", [0, 0], 1), "x: expected 1 bytes (1 elements of INT8), got 2"],
    ["no flags", () => decode("BOOL", [0, 1, 2], 3), "x: element 2 of a BOOL tensor is 2, expected 0 or 1"],
    [
      "BYTES without a length",
      () => decode("BYTES", [1, 0, 0], 1),
      "x: 3 bytes are too few for 1 BYTES elements",
    ],
    [
      "BYTES cut off",
      () => decode("BYTES", [2, 0, 0, 0, 65], 1),
      "x: element 0 says it has 2 bytes, but 1 are left",
    ],
    [
      "endless BYTES",
      () => decode("BYTES", [255, 255, 255, 255, 65], 1),
      "x: element 0 says it has 4294967295 bytes, but 1 are left",
    ],
    [
      "BYTES that end early",
      () => decode("BYTES", [3, 0, 0, 0, 65, 65, 65, 0], 2),
      "x: 8 bytes are too few for 2 BYTES elements",
    ],
    [
      "BYTES with more behind",
      () => decode("BYTES", [0, 0, 0, 0, 7], 1),
      "x: 1 bytes are left after the 1 elements of the shape",
    ],
  ])("that are %s are refused", (_case, call, message) => {
    expect(refusal(call)).toMatchObject({ message, status: 400 });
  });

  it("are 413 where their views would take too much memory", () => {
    const limits = { maxDepth: 64, maxTensorBytes: 1000 };
    const raw = new Uint8Array(4 * 100);
    expect(refusal(() => decodeRaw("BYTES", raw, 100, "x", limits)).status).toBe(413);
    expect(refusal(() => decodeRaw("FP32", new Uint8Array(1004), 251, "x", limits)).status).toBe(413);
    expect(decodeRaw("BYTES", raw.subarray(0, 36), 9, "x", limits)).toHaveLength(9);
  });
});

describe("the binary part of a body", () => {
  it("is taken tensor by tensor, without a copy", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const part = new BinaryPart(bytes);
    expect(part.take(1, "a")).toEqual(Uint8Array.of(1));
    expect(part.take(0, "b")).toHaveLength(0);
    const rest = part.take(2, "c");
    expect(rest).toEqual(Uint8Array.of(2, 3));
    expect(rest.buffer).toBe(bytes.buffer);
    expect(() => part.end()).not.toThrow();
    expect(new BinaryPart(Buffer.from(bytes)).take(3, "a").constructor).toBe(Uint8Array);
  });

  it.each([["8"], [-1], [1.5], [NaN], [null], [true], [2 ** 60], [{}]])("has no size of %j", (size) => {
    const error = refusal(() => new BinaryPart(new Uint8Array(4)).take(size, "s"));
    expect(error.message).toMatch(/^s: expected a number of bytes, got /);
  });

  it("is refused where a tensor takes more than is left, or bytes are left", () => {
    const part = new BinaryPart(new Uint8Array(4));
    part.take(3, "a");
    expect(refusal(() => part.take(2, "s")).message).toBe("s: expected 2 bytes, but the body has 1 left");
    expect(refusal(() => part.end()).message).toMatch(/^the body has 1 bytes beyond its JSON/);
  });
});

/** A body with its JSON's length, which may be told wrong. */
function request(inputs: readonly object[], raw: readonly number[], off = 0) {
  const head = Buffer.from(JSON.stringify({ inputs }));
  return decodeV2Request(Buffer.concat([head, Buffer.from(raw)]), head.length + off, DEFAULT_LIMITS);
}
const raw = (name: string, datatype: string, shape: number[], size: unknown) => ({
  name,
  datatype,
  shape,
  parameters: { binary_data_size: size },
});
const SIZE_PATH = "inputs[0].parameters.binary_data_size";

describe("a V2 request with binary tensors", () => {
  it("may have JSON tensors among them", () => {
    const { tensors } = request(
      [
        raw("a", "INT16", [1], 2),
        { name: "b", datatype: "FP32", shape: [1], data: [0.5] },
        raw("c", "BYTES", [1], 5),
        raw("d", "FP64", [0], 0),
      ],
      [1, 2, 1, 0, 0, 0, 65],
    );
    expect(tensors).toEqual({
      a: { datatype: "INT16", shape: [1], data: Int16Array.of(0x201) },
      b: { datatype: "FP32", shape: [1], data: Float32Array.of(0.5) },
      c: { datatype: "BYTES", shape: [1], data: [Uint8Array.of(65)] },
      d: { datatype: "FP64", shape: [0], data: new Float64Array(0) },
    });
  });

  it.each<[string, () => unknown, string]>([
    [
      "a size that does not fit the shape",
      () => request([raw("a", "FP32", [2], 4)], [0, 0, 0, 0]),
      `${SIZE_PATH}: expected 8 bytes (2 elements of FP32), got 4`,
    ],
    [
      "a size that is a text",
      () => request([raw("a", "FP32", [1], "4")], [0, 0, 0, 0]),
      `${SIZE_PATH}: expected a number of bytes, got the string "4"`,
    ],
    [
      "a size beyond the body",
      () => request([raw("a", "FP32", [1], 4)], [0, 0, 0]),
      `${SIZE_PATH}: expected 4 bytes, but the body has 3 left`,
    ],
    [
      "a size of endless elements",
      () => request([raw("a", "FP32", [2 ** 52, 2 ** 52], 4)], [0, 0, 0, 0]),
      `${SIZE_PATH}: expected `,
    ],
    [
      "bytes behind",
      () => request([raw("a", "INT8", [1], 1)], [0, 0]),
      "the body has 1 bytes beyond its JSON",
    ],
    [
      "data as well",
      () => request([{ ...raw("a", "INT8", [1], 1), data: [1] }], [0]),
      "inputs[0]: has both data and parameters.binary_data_size",
    ],
    [
      "a JSON part too long",
      () => request([raw("a", "INT8", [1], 1)], [0], 1),
      'Unrecognized request format: expected the end of the text, got "\\u0000"',
    ],
    [
      "a JSON part too short",
      () => request([raw("a", "INT8", [1], 1)], [0], -1),
      'Unrecognized request format: expected "," or "}", but the text ends',
    ],
    [
      "a length beyond the body",
      () => request([raw("a", "INT8", [1], 1)], [0], 2),
      "the header Inference-Header-Content-Length says ",
    ],
    [
      "a length that is none",
      () => request([raw("a", "INT8", [1], 1)], [0], NaN),
      "the header Inference-Header-Content-Length says NaN",
    ],
    [
      "a negative length",
      () => request([raw("a", "INT8", [1], 1)], [0], -1000),
      "the header Inference-Header-Content-Length says -",
    ],
  ])("is refused for %s", (_case, call, message) => {
    const error = refusal(call);
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error.status).toBe(400);
  });
});
