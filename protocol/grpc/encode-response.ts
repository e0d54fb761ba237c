import type { NamedTensor } from "../../contract/inference.ts";
import { encodeRaw } from "../v2/binary-part.ts";
import { chooseOutputs } from "../v2/encode-response.ts";
import type { V2Request } from "../v2.ts";
import type { GrpcInferResponse } from "./types.ts";
import { type EncodedMessage, ProtoWriter } from "./wire-writer.ts";
import { fitTyped, writeTyped } from "./write-contents.ts";

/**
 * Writes a ModelInferResponse: the outputs that the request asked for, in its order; raw where the request was, or
 * where one of them is FP16 or BF16.
 * @throws InvalidInput when the request asks for an output that is not there; KtsError KTS_BAD_PREDICTION when an
 * output's elements do not make its shape
 */
export function encodeInferResponse(
  response: GrpcInferResponse,
  request: Pick<V2Request, "outputs" | "binaryOutput">,
): EncodedMessage {
  const tensors = chooseOutputs(response, request).map(({ tensor }) => tensor);
  const writer = new ProtoWriter();
  writer.textField(1, response.modelName);
  if (response.modelVersion !== undefined) writer.textField(2, response.modelVersion);
  writer.textField(3, response.id);
  writeTensors(writer, tensors, { field: 5, rawField: 6, raw: request.binaryOutput, sizes: true });
  return writer.finish();
}

/** Where tensors go in a message. */
export interface TensorFields {
  /** Of the tensors. */
  readonly field: number;
  /** Of their raw contents. */
  readonly rawField: number;
  readonly raw: boolean;
  /** Give each raw tensor the parameter binary_data_size, as KServe's answers have it. */
  readonly sizes: boolean;
}

/** Writes the tensors of an answer or a request; raw contents last, as they may be large. */
export function writeTensors(
  writer: ProtoWriter,
  tensors: readonly NamedTensor[],
  { field, rawField, raw, sizes }: TensorFields,
): void {
  const parts = raw || !fitTyped(tensors) ? tensors.map(({ data }) => encodeRaw(data)) : undefined;
  for (let index = 0; index < tensors.length; index++) {
    const tensor = tensors[index] as NamedTensor;
    const start = writer.begin(field);
    writer.textField(1, tensor.name);
    writer.textField(2, tensor.datatype);
    writeShape(writer, tensor.shape);
    if (parts === undefined) writeTyped(writer, 5, tensor);
    else if (sizes) writeSize(writer, (parts[index] as Uint8Array).length);
    writer.end(start);
  }
  if (parts !== undefined) for (const part of parts) writer.rawField(rawField, part);
}

function writeShape(writer: ProtoWriter, shape: readonly number[]): void {
  if (shape.length === 0) return;
  const start = writer.begin(3);
  for (const length of shape) writer.int64(length);
  writer.end(start);
}

function writeSize(writer: ProtoWriter, bytes: number): void {
  const entry = writer.begin(4);
  writer.textField(1, "binary_data_size");
  const value = writer.begin(2);
  writer.int64Field(2, bytes);
  writer.end(value);
  writer.end(entry);
}
