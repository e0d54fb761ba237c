import { isDatatype } from "../../contract/datatype.ts";
import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import {
  type EncodedMessage,
  type MessageOf,
  type MessageType,
  decodeMessage,
  encodeInferRequest,
} from "../../protocol/grpc.ts";
import {
  ModelMetadataResponse,
  ModelStatisticsResponse,
  RepositoryIndexResponse,
} from "../../protocol/grpc/messages/inference.ts";
import { checkName } from "../address.ts";
import { checkInputs } from "../infer.ts";
import type { ModelMetadata } from "../metadata.ts";
import type { InferOptions } from "../options.ts";
import type { IndexedModel } from "../repository.ts";
import { readAs } from "../unreadable.ts";
import type { Duration, ModelStatistics } from "./statistics.ts";

/**
 * A ModelInferRequest.
 * @param binary what holds where the options do not say
 * @throws InvalidInput when an input is no tensor, or the name none
 */
export function inferMessage(
  name: string,
  inputs: NamedTensors,
  options: InferOptions,
  binary: boolean,
): EncodedMessage {
  checkInputs(inputs);
  return encodeInferRequest({
    modelName: checkName(name, "name"),
    modelVersion: options.version,
    id: options.id,
    parameters: options.parameters,
    tensors: inputs,
    outputs: options.outputs?.map((output) => ({ name: output, binary: undefined })),
    binary: options.binary ?? binary,
  });
}

/** Reads an answer's message. @throws KtsError KTS_SERVER_ANSWERED when it is none */
export function readAnswer<T>(type: MessageType<T>, what: string, bytes: Uint8Array): T {
  return readAs(what, () => decodeMessage(type, bytes));
}

/** @throws KtsError KTS_SERVER_ANSWERED when the bytes are no model metadata */
export function readModelMetadata(bytes: Uint8Array): ModelMetadata {
  return readAs("ModelMetadataResponse", () => {
    const { name, versions, platform, inputs, outputs } = decodeMessage(ModelMetadataResponse, bytes);
    return {
      name,
      versions,
      platform,
      inputs: inputs.map((spec, index) => toSpec(spec, `inputs[${index}]`)),
      outputs: outputs.map((spec, index) => toSpec(spec, `outputs[${index}]`)),
    };
  });
}

function toSpec(
  { name, datatype, shape }: MessageOf<typeof ModelMetadataResponse>["inputs"][number],
  path: string,
): TensorSpec {
  if (isDatatype(datatype)) return { name, datatype, shape };
  const problem = `expected a datatype, got ${describeValue(datatype)}`;
  throw new InvalidInput(problem, { path: `${path}.datatype` });
}

/** @throws KtsError KTS_SERVER_ANSWERED when the bytes are no repository index */
export function readIndex(bytes: Uint8Array): IndexedModel[] {
  return readAnswer(RepositoryIndexResponse, "RepositoryIndexResponse", bytes).models.map((model) => ({
    ...model,
    version: model.version === "" ? undefined : model.version,
  }));
}

const NO_DURATION: Duration = { count: 0, ns: 0 };

/** @throws KtsError KTS_SERVER_ANSWERED when the bytes are no statistics */
export function readStatistics(bytes: Uint8Array): ModelStatistics[] {
  const { model_stats } = readAnswer(ModelStatisticsResponse, "ModelStatisticsResponse", bytes);
  return model_stats.map((model) => {
    const stats = model.inference_stats;
    return {
      name: model.name,
      version: model.version === "" ? undefined : model.version,
      lastInferenceMs: model.last_inference,
      inferenceCount: model.inference_count,
      executionCount: model.execution_count,
      success: stats?.success ?? NO_DURATION,
      fail: stats?.fail ?? NO_DURATION,
      queue: stats?.queue ?? NO_DURATION,
      computeInput: stats?.compute_input ?? NO_DURATION,
      computeInfer: stats?.compute_infer ?? NO_DURATION,
      computeOutput: stats?.compute_output ?? NO_DURATION,
    };
  });
}
