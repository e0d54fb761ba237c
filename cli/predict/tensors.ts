import type { InferOptions, InferResult, ServerAnswer } from "../../client/index.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import { DEFAULT_LIMITS } from "../../protocol/limits.ts";
import { decodeV2Request, encodeV2Response } from "../../protocol/v2.ts";

/** A V2 request's tensors, and what else it says. */
export type InferRequest = { readonly tensors: NamedTensors } & Pick<
  InferOptions,
  "id" | "outputs" | "parameters"
>;

/**
 * Reads a V2 request in JSON, to be sent in another form.
 * @throws InvalidInput with the member's path; KtsError KTS_BODY_TOO_LARGE
 */
export function inferRequest(text: string): InferRequest {
  const { id, parameters, tensors, outputs } = decodeV2Request(
    new TextEncoder().encode(text),
    undefined,
    DEFAULT_LIMITS,
  );
  const { binary_data_output: _form, ...others } = parameters;
  return {
    tensors,
    ...(id !== undefined && { id }),
    ...(outputs !== undefined && { outputs: outputs.map(({ name }) => name) }),
    ...(Object.keys(others).length > 0 && { parameters: others as NonNullable<InferOptions["parameters"]> }),
  };
}

/** An answer in the form that a V2 server gives in JSON. NaN and infinities are texts in it. */
export function inferAnswer({ modelName, modelVersion, id = "", outputs }: InferResult): ServerAnswer {
  const tensors = Object.entries(outputs).map(([name, tensor]) => ({ name, ...tensor }));
  const { head, tail, contentType } = encodeV2Response(
    { modelName, modelVersion, id, tensors },
    { outputs: undefined, binaryOutput: false },
    { nonFinite: "string" },
  );
  return {
    status: 200,
    headers: { "content-type": contentType },
    bytes: Buffer.concat([Buffer.from(head), ...tail]),
  };
}
