import { bool, integer, message, nested, repeated, text } from "../message.ts";

/*
 * The small messages of inference.GRPCInferenceService (proto/grpc_predict_v2.proto); ModelInfer's are in files of
 * their own. Members are called as their fields are.
 */

export const ServerLiveResponse = message({ live: bool(1) });
export const ServerReadyResponse = message({ ready: bool(1) });
export const ModelReadyRequest = message({ name: text(1), version: text(2) });
export const ModelReadyResponse = message({ ready: bool(1) });

export const ServerMetadataResponse = message({
  name: text(1),
  version: text(2),
  extensions: repeated(text(3)),
});

export const ModelMetadataRequest = message({ name: text(1), version: text(2) });

const TensorMetadata = message({ name: text(1), datatype: text(2), shape: repeated(integer(3)) });

export const ModelMetadataResponse = message({
  name: text(1),
  versions: repeated(text(2)),
  platform: text(3),
  inputs: repeated(nested(4, TensorMetadata)),
  outputs: repeated(nested(5, TensorMetadata)),
});

export const RepositoryIndexRequest = message({ repository_name: text(1), ready: bool(2) });

const ModelIndex = message({ name: text(1), version: text(2), state: text(3), reason: text(4) });

export const RepositoryIndexResponse = message({ models: repeated(nested(1, ModelIndex)) });

/** Of load and unload. KServe's clients have the model's name in field 1, Triton's in field 2: that wins. */
export const RepositoryModelRequest = message({ repository_name: text(1), model_name: text(2) });

/** Of load, the parameters by their names alone: none of their values has a meaning here. */
export const RepositoryModelLoadRequest = message({
  repository_name: text(1),
  model_name: text(2),
  parameters: repeated(nested(3, message({ key: text(1) }))),
});

/** Of load and unload, whose field 2 says in either that it is done. */
export const RepositoryModelResponse = message({ model_name: text(1), done: bool(2) });

const StatisticDuration = message({ count: integer(1), ns: integer(2) });

const InferStatistics = message({
  success: nested(1, StatisticDuration),
  fail: nested(2, StatisticDuration),
  queue: nested(3, StatisticDuration),
  compute_input: nested(4, StatisticDuration),
  compute_infer: nested(5, StatisticDuration),
  compute_output: nested(6, StatisticDuration),
});

const InferBatchStatistics = message({
  batch_size: integer(1),
  compute_input: nested(2, StatisticDuration),
  compute_infer: nested(3, StatisticDuration),
  compute_output: nested(4, StatisticDuration),
});

const ModelStatistics = message({
  name: text(1),
  version: text(2),
  last_inference: integer(3),
  inference_count: integer(4),
  execution_count: integer(5),
  inference_stats: nested(6, InferStatistics),
  batch_stats: repeated(nested(7, InferBatchStatistics)),
});

export const ModelStatisticsRequest = message({ name: text(1), version: text(2) });
export const ModelStatisticsResponse = message({ model_stats: repeated(nested(1, ModelStatistics)) });
