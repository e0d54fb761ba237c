import type { Tensor } from "../../contract/tensor.ts";
import { writeTensors } from "./encode-response.ts";
import { writeParameters } from "./parameters.ts";
import type { OutgoingGrpcRequest } from "./types.ts";
import { type EncodedMessage, ProtoWriter } from "./wire-writer.ts";

/** Writes a ModelInferRequest. FP16 and BF16 tensors are always sent raw, and all others with them. */
export function encodeInferRequest(request: OutgoingGrpcRequest): EncodedMessage {
  const { modelName, modelVersion, id, parameters, tensors, outputs, binary } = request;
  const writer = new ProtoWriter();
  writer.textField(1, modelName);
  if (modelVersion !== undefined) writer.textField(2, modelVersion);
  if (id !== undefined) writer.textField(3, id);
  if (parameters !== undefined) writeParameters(writer, 4, parameters);
  // Outputs ahead of the inputs (fields may come in any order): raw contents have to be last.
  for (const { name } of outputs ?? []) {
    const output = writer.begin(6);
    writer.textField(1, name);
    writer.end(output);
  }
  const named = Object.keys(tensors).map((name) => ({ name, ...(tensors[name] as Tensor) }));
  writeTensors(writer, named, { field: 5, rawField: 7, raw: binary, sizes: false });
  return writer.finish();
}
