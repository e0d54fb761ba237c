import { InvalidInput, KtsError, isKtsError } from "../../contract/errors.ts";
import type { DecodeLimits } from "../limits.ts";
import { readName } from "../v2/members.ts";
import type { DecodedV2Response } from "../v2.ts";
import { ParameterMap } from "./parameters.ts";
import { type TensorHead, rawData, readTensorHead, typedData } from "./read-tensor.ts";
import { MOST_ENTRIES } from "./types.ts";
import { LENGTH, ProtoReader, tagOf } from "./wire-reader.ts";

const MODEL_NAME = tagOf(1, LENGTH);
const MODEL_VERSION = tagOf(2, LENGTH);
const ID = tagOf(3, LENGTH);
const PARAMETERS = tagOf(4, LENGTH);
const OUTPUTS = tagOf(5, LENGTH);
const RAW_OUTPUT_CONTENTS = tagOf(6, LENGTH);

/**
 * Reads a ModelInferResponse. Raw tensors share the message's memory where they are aligned.
 * @throws KtsError KTS_SERVER_ANSWERED when it is none
 */
export function decodeInferResponse(message: Uint8Array, limits: DecodeLimits): DecodedV2Response {
  try {
    return readResponse(new ProtoReader(message), limits);
  } catch (error) {
    if (!isKtsError(error)) throw error;
    const problem = `The server's answer is no ModelInferResponse: ${error.message}`;
    throw new KtsError("KTS_SERVER_ANSWERED", problem, { cause: error });
  }
}

function readResponse(reader: ProtoReader, limits: DecodeLimits): DecodedV2Response {
  let modelName = "";
  let version = "";
  let id = "";
  const parameters = new ParameterMap();
  const heads: TensorHead[] = [];
  const raw: Uint8Array[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === MODEL_NAME) modelName = reader.text("model_name");
    else if (tag === MODEL_VERSION) version = reader.text("model_version");
    else if (tag === ID) id = reader.text("id");
    else if (tag === PARAMETERS) parameters.read(reader.message(), "parameters");
    else if (tag === OUTPUTS) {
      heads.push(readTensorHead(reader.message(), `outputs[${heads.length}]`, limits));
    } else if (tag === RAW_OUTPUT_CONTENTS) raw.push(reader.block());
    else reader.skip(tag);
    if (heads.length > MOST_ENTRIES || raw.length > MOST_ENTRIES) {
      throw new InvalidInput(`expected at most ${MOST_ENTRIES}, but there are more`, { path: "outputs" });
    }
  }
  if (raw.length > 0 && raw.length !== heads.length) {
    const problem = `${heads.length} outputs, but ${raw.length} raw_output_contents`;
    throw new InvalidInput(problem, { path: "raw_output_contents" });
  }
  return {
    modelName: readName(modelName, "model_name"),
    modelVersion: version === "" ? undefined : version,
    id: id === "" ? undefined : id,
    parameters: parameters.values ?? {},
    tensors: heads.map((head, index) => {
      const { name, datatype, shape } = head;
      const bytes = raw[index];
      const data =
        bytes === undefined
          ? typedData(head, `outputs[${index}]`, limits)
          : rawData(head, bytes, "raw_output_contents", index, limits);
      return { name, datatype, shape, data };
    }),
  };
}
