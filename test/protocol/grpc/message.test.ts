import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage, messageBytes } from "../../../protocol/grpc.ts";
import { HealthListResponse } from "../../../protocol/grpc/messages/health.ts";
import {
  ModelMetadataResponse,
  ModelStatisticsResponse,
  RepositoryModelRequest,
  ServerLiveResponse,
} from "../../../protocol/grpc/messages/inference.ts";
import { ServerReflectionRequest } from "../../../protocol/grpc/messages/reflection.ts";
import { referenceCodec } from "./reference.ts";

const SERVICE = "inference.GRPCInferenceService";
const PREDICT = "grpc_predict_v2.proto";

describe("a message of a table", () => {
  const metadata = {
    name: "m",
    versions: ["1", "2"],
    platform: "onnxruntime_onnx",
    inputs: [
      { name: "x", datatype: "FP32", shape: [-1, 3, 0, 2 ** 40] },
      { name: "", datatype: "", shape: [] },
    ],
    outputs: [],
  };

  it("is read as it was written", () => {
    expect(
      decodeMessage(ModelMetadataResponse, messageBytes(encodeMessage(ModelMetadataResponse, metadata))),
    ).toEqual(metadata);
  });

  it("is what another codec reads", () => {
    const codec = referenceCodec(PREDICT, SERVICE, "ModelMetadata");
    const bytes = messageBytes(encodeMessage(ModelMetadataResponse, metadata));
    expect(codec.decodeResponse(bytes)).toMatchObject({
      name: "m",
      versions: ["1", "2"],
      inputs: [{ name: "x", datatype: "FP32", shape: ["-1", "3", "0", "1099511627776"] }, {}],
    });
    expect(decodeMessage(ModelMetadataResponse, codec.encodeResponse(metadata))).toEqual(metadata);
  });

  it("leaves out what is its default, except the value of a oneof", () => {
    expect(messageBytes(encodeMessage(ServerLiveResponse, { live: false })).length).toBe(0);
    const request = { host: "", list_services: "" };
    const bytes = messageBytes(encodeMessage(ServerReflectionRequest, request));
    expect([...bytes]).toEqual([7 * 8 + 2, 0]);
    expect(decodeMessage(ServerReflectionRequest, bytes)).toEqual(request);
  });

  it("passes over fields it does not know", () => {
    const codec = referenceCodec(PREDICT, SERVICE, "RepositoryModelLoad");
    const bytes = codec.encodeRequest({ model_name: "m", parameters: { a: { string_param: "b" } } });
    expect(decodeMessage(RepositoryModelRequest, bytes)).toEqual({ repository_name: "", model_name: "m" });
  });

  it("nests as deep as statistics do", () => {
    const duration = { count: 2, ns: 1_234_567_890_123 };
    const statistics = {
      name: "m",
      version: "",
      last_inference: 1_700_000_000_000,
      inference_count: 3,
      execution_count: 2,
      inference_stats: { success: duration, queue: duration },
      batch_stats: [{ batch_size: 4, compute_infer: duration }],
    };
    const value = { model_stats: [statistics] };
    const bytes = messageBytes(encodeMessage(ModelStatisticsResponse, value));
    expect(decodeMessage(ModelStatisticsResponse, bytes)).toEqual(value);
    const codec = referenceCodec(PREDICT, SERVICE, "ModelStatistics");
    expect(codec.decodeResponse(bytes)).toMatchObject({
      model_stats: [
        {
          last_inference: "1700000000000",
          inference_stats: { success: { ns: "1234567890123" } },
          batch_stats: [{ batch_size: "4", compute_infer: { count: "2", ns: "1234567890123" } }],
        },
      ],
    });
  });

  it("has maps as lists of entries", () => {
    const codec = referenceCodec("grpc/health/v1/health.proto", "grpc.health.v1.Health", "List");
    const value = { statuses: [{ key: "a", value: { status: 1 } }] };
    const bytes = messageBytes(encodeMessage(HealthListResponse, value));
    expect(codec.decodeResponse(bytes)).toEqual({ statuses: { a: { status: "SERVING" } } });
  });
});
