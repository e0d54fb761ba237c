import { describe, expect, it } from "vitest";
import type { NamedTensor } from "../../../contract/inference.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import {
  decodeInferResponse,
  decodeStreamResponse,
  encodeInferResponse,
  encodeStreamEnd,
  encodeStreamError,
  encodeStreamResponse,
  messageBytes,
  readRequestId,
  streamedResponseOffset,
} from "../../../protocol/grpc.ts";
import { INFER, referenceCodec } from "./reference.ts";

const STREAM = referenceCodec("grpc_predict_v2.proto", "inference.GRPCInferenceService", "ModelStreamInfer");

function response(bytes: number, binaryOutput: boolean) {
  const x: NamedTensor = {
    name: "x",
    datatype: "UINT8",
    shape: [bytes],
    data: new Uint8Array(bytes).fill(7),
  };
  const answer = { modelName: "m", modelVersion: "2", id: "a", tensors: [x, { ...x, name: "y" }] };
  return encodeInferResponse(answer, { outputs: undefined, binaryOutput });
}

describe("a ModelStreamInferResponse", () => {
  it.each([0, 1, 60, 100, 5000, 70_000, 3_000_000])("has an answer of %d bytes, raw and typed", (bytes) => {
    for (const binary of [true, false]) {
      const plain = response(bytes, binary);
      const around = encodeStreamResponse(plain);
      const whole = messageBytes(around);
      expect(around.byteLength).toBe(whole.length);
      expect(Buffer.from(around.head).readUInt32BE(1)).toBe(whole.length);
      const inner = messageBytes(plain);
      expect(Buffer.from(whole).subarray(-inner.length).equals(inner)).toBe(true);
      if (bytes > 5000) continue;
      expect(STREAM.decodeResponse(whole)).toEqual({ infer_response: INFER.decodeResponse(inner) });
    }
  });

  it("has an error, with what is known of the request", () => {
    expect(
      STREAM.decodeResponse(messageBytes(encodeStreamError("bad", { modelName: "m", id: "a" }))),
    ).toEqual({
      error_message: "bad",
      infer_response: { model_name: "m", id: "a" },
    });
    const unknown = encodeStreamError("", { modelName: undefined, id: undefined });
    expect(STREAM.decodeResponse(messageBytes(unknown))).toEqual({
      error_message: "unknown error",
      infer_response: {},
    });
  });

  it("has the end of a request's answers as Triton says it", () => {
    expect(STREAM.decodeResponse(messageBytes(encodeStreamEnd({ modelName: "m", id: "a" })))).toEqual({
      infer_response: {
        model_name: "m",
        id: "a",
        parameters: { triton_final_response: { bool_param: true, parameter_choice: "bool_param" } },
      },
    });
  });
});

describe("reading a ModelStreamInferResponse", () => {
  it.each([0, 1, 60, 5000, 70_000])("finds the answer of %d bytes, and where it starts", (bytes) => {
    const plain = response(bytes, true);
    const whole = messageBytes(encodeStreamResponse(plain));
    const inner = messageBytes(plain);
    expect(decodeStreamResponse(whole, DEFAULT_LIMITS)).toEqual(decodeInferResponse(inner, DEFAULT_LIMITS));
    expect(streamedResponseOffset(whole)).toBe(whole.length - inner.length);
    expect(streamedResponseOffset(whole.subarray(0, 1))).toBe(0);
  });

  it("finds the error, whether anything is known of the request or not", () => {
    for (const modelName of ["m", undefined]) {
      const bytes = messageBytes(encodeStreamError("bad", { modelName, id: undefined }));
      expect(decodeStreamResponse(bytes, DEFAULT_LIMITS)).toEqual({ error: "bad" });
      expect(streamedResponseOffset(bytes)).toBe(0);
    }
    const alone = STREAM.encodeResponse({ error_message: "bad" });
    expect(decodeStreamResponse(alone, DEFAULT_LIMITS)).toEqual({ error: "bad" });
  });

  it.each([
    ["nothing", Uint8Array.of()],
    ["no protobuf", Uint8Array.of(0x12, 9, 1)],
  ])("refuses %s", (_what, bytes) => {
    expect(() => decodeStreamResponse(bytes, DEFAULT_LIMITS)).toThrow(
      expect.objectContaining({ code: "KTS_SERVER_ANSWERED" }) as Error,
    );
  });
});

describe("the id of a request that may be wrong", () => {
  it("is found where it can be", () => {
    const message = INFER.encodeRequest({ model_name: "m", id: "a", inputs: [{ datatype: "none" }] });
    expect(readRequestId(message)).toBe("a");
    expect(readRequestId(INFER.encodeRequest({ model_name: "m" }))).toBeUndefined();
    expect(readRequestId(Uint8Array.of(255, 255))).toBeUndefined();
  });
});
