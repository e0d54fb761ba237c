import { type MessageOf, decodeMessage, encodeMessage } from "../../protocol/grpc.ts";
import {
  ModelMetadataRequest,
  ModelMetadataResponse,
  ModelReadyRequest,
  ModelReadyResponse,
  ModelStatisticsRequest,
  ModelStatisticsResponse,
  RepositoryIndexRequest,
  RepositoryIndexResponse,
  RepositoryModelLoadRequest,
  RepositoryModelRequest,
  RepositoryModelResponse,
  ServerLiveResponse,
  ServerMetadataResponse,
  ServerReadyResponse,
} from "../../protocol/grpc/messages/inference.ts";
import { SERVER_EXTENSIONS } from "../data-plane.ts";
import { refuseOverrides } from "../models/load-overrides.ts";
import type { GrpcServices } from "./grpc-services.ts";
import type { UnaryMethod } from "./unary-call.ts";

/** The methods of inference.GRPCInferenceService beside ModelInfer, by name. */
export function inferenceMethods(services: GrpcServices): Readonly<Record<string, UnaryMethod>> {
  const { plane, lifecycle, productVersion } = services;
  return {
    ServerLive: () => encodeMessage(ServerLiveResponse, { live: true }),
    ServerReady: async () =>
      encodeMessage(ServerReadyResponse, { ready: lifecycle.ready && (await plane.askReady()) }),
    async ModelReady(message) {
      const { name, version } = decodeMessage(ModelReadyRequest, message);
      const reason = await plane.find(name, given(version)).askNotReadyReason();
      return encodeMessage(ModelReadyResponse, { ready: reason === undefined });
    },
    ServerMetadata: () =>
      encodeMessage(ServerMetadataResponse, {
        name: "kserve-ts",
        version: productVersion(),
        extensions: SERVER_EXTENSIONS,
      }),
    ModelMetadata(message) {
      const { name, version } = decodeMessage(ModelMetadataRequest, message);
      const metadata = plane.metadata(plane.find(name, given(version)));
      return encodeMessage(ModelMetadataResponse, { ...metadata, versions: metadata.versions ?? [] });
    },
    async RepositoryIndex(message) {
      const { ready } = decodeMessage(RepositoryIndexRequest, message);
      return encodeMessage(RepositoryIndexResponse, { models: await plane.repositoryIndex(ready) });
    },
    async RepositoryModelLoad(message) {
      const request = decodeMessage(RepositoryModelLoadRequest, message);
      const name = askedName(request);
      refuseOverrides(request.parameters.map(({ key }) => key));
      await plane.load(name);
      return encodeMessage(RepositoryModelResponse, { model_name: name, done: true });
    },
    async RepositoryModelUnload(message) {
      const name = askedName(decodeMessage(RepositoryModelRequest, message));
      await plane.unload(name);
      return encodeMessage(RepositoryModelResponse, { model_name: name, done: true });
    },
    ModelStatistics(message) {
      const { name, version } = decodeMessage(ModelStatisticsRequest, message);
      const statistics = plane.statistics(given(name), given(version));
      return encodeMessage(ModelStatisticsResponse, { model_stats: statistics });
    },
  };
}

/** Protobuf says nothing as the empty text. */
function given(version: string): string | undefined {
  return version === "" ? undefined : version;
}

function askedName(request: MessageOf<typeof RepositoryModelRequest>): string {
  return request.model_name === "" ? request.repository_name : request.model_name;
}
