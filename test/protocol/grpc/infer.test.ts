import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DATATYPES } from "../../../contract/datatype.ts";
import { isKtsError } from "../../../contract/errors.ts";
import type { NamedTensors, Tensor } from "../../../contract/tensor.ts";
import { tensor } from "../../../contract/tensor.ts";
import {
  decodeInferRequest,
  decodeInferResponse,
  encodeInferRequest,
  encodeInferResponse,
  firstRawOffset,
  messageBytes,
  readAskedModel,
} from "../../../protocol/grpc.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { ProtoWriter } from "../../../protocol/grpc/wire-writer.ts";
import { bits, namedTensors } from "./arbitrary.ts";
import { INFER } from "./reference.ts";

const decode = (bytes: Uint8Array, limits = DEFAULT_LIMITS) => decodeInferRequest(bytes, limits);
const TYPED = DATATYPES.filter((datatype) => datatype !== "FP16" && datatype !== "BF16");

const entries = (tensors: NamedTensors) => Object.entries(tensors).map(([name, own]) => [name, bits(own)]);

function failure(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isKtsError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing";
}

/** The other codec passes numbers through JavaScript, where the bits of a NaN are nobody's promise. */
function plainNaNs(tensors: NamedTensors): void {
  for (const { data } of Object.values(tensors)) {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) continue;
    for (const [at, value] of data.entries()) if (Number.isNaN(value)) data[at] = NaN;
  }
}

describe("a request", () => {
  const requests = fc.record({
    modelName: fc.string({ minLength: 1, unit: "grapheme" }),
    modelVersion: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    id: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    parameters: fc.dictionary(
      fc.string(),
      fc.oneof(
        fc.boolean(),
        fc.string({ unit: "grapheme" }),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0)),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).filter((big) => !isSafe(big)),
      ),
    ),
    outputs: fc.option(
      fc
        .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 })
        .map((names) => names.map((name) => ({ name, binary: undefined }))),
      { nil: undefined },
    ),
  });

  it("is read as it was written, raw", () => {
    fc.assert(
      fc.property(requests, namedTensors(), (head, tensors) => {
        const read = decode(messageBytes(encodeInferRequest({ ...head, tensors, binary: true })));
        expect({
          ...read,
          tensors: entries(read.tensors),
          parameters: Object.entries(read.parameters),
        }).toEqual({
          ...head,
          tensors: entries(tensors),
          parameters: Object.entries(head.parameters),
          binaryOutput: true,
        });
      }),
    );
  });

  it("is read as it was written, typed", () => {
    fc.assert(
      fc.property(requests, namedTensors(TYPED), (head, tensors) => {
        const read = decode(messageBytes(encodeInferRequest({ ...head, tensors, binary: false })));
        expect(read.binaryOutput).toBe(false);
        expect(entries(read.tensors)).toEqual(entries(tensors));
      }),
    );
  });

  it("is what another codec reads, and reads what another codec writes", () => {
    fc.assert(
      fc.property(namedTensors(TYPED), fc.boolean(), (tensors, binary) => {
        plainNaNs(tensors);
        const ours = messageBytes(encodeInferRequest({ modelName: "m", id: "7", tensors, binary }));
        const theirs = INFER.encodeRequest(INFER.decodeRequest(ours));
        expect(entries(decode(theirs).tensors)).toEqual(entries(tensors));
        expect(INFER.decodeRequest(theirs)).toEqual(INFER.decodeRequest(ours));
      }),
    );
  });

  it("sends everything raw where one tensor is FP16", () => {
    const tensors = { a: tensor("FP32", [1], [1]), h: tensor("FP16", [1], Uint16Array.of(7)) };
    const read = decode(messageBytes(encodeInferRequest({ modelName: "m", tensors, binary: false })));
    expect(read.binaryOutput).toBe(true);
    expect(entries(read.tensors)).toEqual(entries(tensors));
  });

  it("may have its lists unpacked, in parts, and its fields in any order", () => {
    const writer = new ProtoWriter();
    const input = writer.begin(5);
    const write = (value: number) => {
      const contents = writer.begin(5);
      writer.int64Field(2, value);
      const packed = writer.begin(2);
      writer.int64(value + 1);
      writer.int64(-value);
      writer.end(packed);
      writer.end(contents);
    };
    write(1);
    writer.int64Field(3, 2);
    write(10);
    writer.int64Field(3, 3);
    writer.textField(2, "INT32");
    writer.textField(99, "of a later version");
    writer.doubleField(98, 1);
    writer.textField(1, "x");
    writer.end(input);
    writer.textField(1, "m");
    const { tensors, modelName } = decode(messageBytes(writer.finish()));
    expect(modelName).toBe("m");
    expect(tensors["x"]).toEqual(tensor("INT32", [2, 3], [1, 2, -1, 10, 11, -10]));
  });

  it("may have single floats, and none of another list", () => {
    const request = (second: "f" | "d") => {
      const writer = new ProtoWriter();
      writer.textField(1, "m");
      const input = writer.begin(5);
      writer.textField(1, "x");
      writer.textField(2, "FP64");
      writer.int64Field(3, 2);
      const contents = writer.begin(5);
      writer.doubleField(7, 0.5);
      writer.doubleField(second === "d" ? 7 : 6, 0.25);
      writer.end(contents);
      writer.end(input);
      return messageBytes(writer.finish());
    };
    expect(decode(request("d")).tensors["x"]).toEqual(tensor("FP64", [2], [0.5, 0.25]));
    expect(failure(() => decode(request("f")))).toBe(
      "KTS_INVALID_INPUT: inputs[0].contents: expected fp64_contents for FP64, got fp32_contents",
    );
  });

  it("names its model ahead of the rest", () => {
    const bytes = messageBytes(
      encodeInferRequest({ modelName: "m", modelVersion: "2", tensors: {}, binary: true }),
    );
    expect(readAskedModel(bytes)).toEqual({ modelName: "m", modelVersion: "2" });
    expect(failure(() => decode(bytes))).toBe(
      "KTS_INVALID_INPUT: inputs: expected at least one tensor, got none",
    );
  });
});

describe("raw contents", () => {
  it("are a view of the message, where that is placed so that they are aligned", () => {
    const data = Float64Array.from({ length: 1_000 }, (_, index) => index);
    const message = messageBytes(
      encodeInferRequest({ modelName: "m", tensors: { x: tensor("FP64", [1_000], data) }, binary: true }),
    );
    const offset = firstRawOffset(message.subarray(0, 100));
    expect(offset).toBe(message.length - data.byteLength);
    for (const pad of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const owner = new Uint8Array(pad + message.length);
      owner.set(message, pad);
      const read = decode(owner.subarray(pad)).tensors["x"]?.data as Float64Array;
      expect(read).toEqual(data);
      expect(read.buffer === owner.buffer).toBe((pad + offset) % 8 === 0);
    }
  });

  it("have no place where there are none, or the start is too short to say", () => {
    const tensors = { x: tensor("FP32", [1], [1]) };
    const typed = messageBytes(encodeInferRequest({ modelName: "m", tensors, binary: false }));
    expect(firstRawOffset(typed)).toBe(0);
    expect(firstRawOffset(typed.subarray(0, 1))).toBe(0);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => firstRawOffset(bytes) <= bytes.length));
  });
});

describe("an answer", () => {
  const response = (tensors: NamedTensors) => ({
    modelName: "m",
    modelVersion: "1",
    id: "7",
    tensors: Object.entries(tensors).map(([name, own]) => ({ name, ...own })),
  });
  const read = (bytes: Uint8Array) => decodeInferResponse(bytes, DEFAULT_LIMITS);

  it("is read as it was written", () => {
    fc.assert(
      fc.property(namedTensors(), fc.boolean(), (tensors, binaryOutput) => {
        const answer = response(tensors);
        const got = read(messageBytes(encodeInferResponse(answer, { outputs: undefined, binaryOutput })));
        expect({ ...got, tensors: got.tensors.map(named) }).toEqual({
          ...answer,
          parameters: {},
          tensors: answer.tensors.map(named),
        });
      }),
    );
  });

  it("is what another codec reads, and reads what another codec writes", () => {
    fc.assert(
      fc.property(namedTensors(), fc.boolean(), (tensors, binaryOutput) => {
        const answer = response(tensors);
        const ours = messageBytes(encodeInferResponse(answer, { outputs: undefined, binaryOutput }));
        const theirs = INFER.encodeResponse(INFER.decodeResponse(ours));
        expect(read(theirs).tensors.map(named)).toEqual(answer.tensors.map(named));
      }),
    );
  });

  it("that is none is the server's fault", () => {
    expect(failure(() => read(Buffer.from("hello")))).toMatch(
      /^KTS_SERVER_ANSWERED: The server's answer is no ModelInferResponse: /,
    );
  });

  it("that does not make its shape is the predictor's fault", () => {
    const wrong = { name: "y", datatype: "FP32", shape: [3], data: new Float32Array(2) } as const;
    const answer = { modelName: "m", modelVersion: undefined, id: "7", tensors: [wrong] };
    expect(failure(() => encodeInferResponse(answer, { outputs: undefined, binaryOutput: true }))).toBe(
      "KTS_BAD_PREDICTION: output y has 2 elements, which do not make the shape [3]",
    );
  });
});

describe("bytes that are no request", () => {
  const valid = messageBytes(
    encodeInferRequest({
      modelName: "m",
      id: "7",
      parameters: { a: 1, b: "x", c: 0.5 },
      tensors: { x: tensor("FP32", [2], [1, 2]), s: tensor("BYTES", [2], ["a", "bc"]) },
      outputs: [{ name: "x", binary: undefined }],
      binary: false,
    }),
  );

  it("are refused with words of ours, never a crash", () => {
    const refusal = (bytes: Uint8Array) => {
      const outcome = failure(() => decode(Uint8Array.from(bytes)));
      return outcome === "nothing" || /^KTS_(INVALID_INPUT|BODY_TOO_LARGE): /.test(outcome);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), refusal), { numRuns: 2_000 });
    const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
    const spoilt = (edits: [number, number][]) => {
      const bytes = Uint8Array.from(valid);
      for (const [at, value] of edits) bytes[at] = value;
      return refusal(bytes);
    };
    fc.assert(fc.property(changes, spoilt), { numRuns: 5_000 });
    for (let length = 0; length < valid.length; length++)
      expect(refusal(valid.subarray(0, length))).toBe(true);
  });

  it("cannot ask for much memory", () => {
    const limits = { ...DEFAULT_LIMITS, maxTensorBytes: 1_000 };
    const tensors = { x: tensor("FP32", [300], new Float32Array(300)) };
    for (const binary of [true, false]) {
      const bytes = messageBytes(encodeInferRequest({ modelName: "m", tensors, binary }));
      expect(failure(() => decode(bytes, limits))).toMatch(/^KTS_BODY_TOO_LARGE: .*1200 bytes of memory/);
    }
    const empties = Buffer.concat([Buffer.from("0a016d", "hex"), Buffer.alloc(2 * 100_000, "3a00", "hex")]);
    expect(failure(() => decode(empties))).toMatch(/raw_input_contents: expected at most 4096/);
    const groups = Buffer.alloc(100_000, "a301", "hex");
    expect(failure(() => decode(groups))).toMatch(/groups nest deeper/);
  });
});

function isSafe(big: bigint): boolean {
  return Number.isSafeInteger(Number(big));
}

function named({ name, ...own }: Tensor & { readonly name: string }): unknown {
  return [name, bits(own)];
}
