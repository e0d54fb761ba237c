import type { GrpcInferenceClient } from "../../client/grpc/grpc-inference-client.ts";
import type { InferenceClient } from "../../client/inference-client.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import type { RemoteCall } from "./connection.ts";
import { ownParameters } from "./own-parameters.ts";

/** V2's calls, which the clients of REST and of gRPC have alike. */
type V2Client = Pick<InferenceClient | GrpcInferenceClient, "infer" | "modelMetadata">;

/** Asks V2's infer. */
export async function askInfer(
  client: V2Client,
  model: string,
  inputs: NamedTensors,
  outputs: readonly string[] | undefined,
  { parameters, ...options }: RemoteCall,
): Promise<NamedTensors> {
  const answer = await client.infer(model, inputs, {
    ...options,
    outputs,
    parameters: ownParameters(parameters),
  });
  return answer.outputs;
}

/** Asks V2's metadata for the inputs. */
export async function askInputs(
  client: V2Client,
  model: string,
  { parameters: _none, ...options }: RemoteCall,
): Promise<readonly TensorSpec[]> {
  return (await client.modelMetadata(model, options)).inputs;
}
