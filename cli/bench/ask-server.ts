import { GrpcInferenceClient, InferenceClient } from "../../client/index.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { chosenModel } from "../predict/ask-rest.ts";

/** Where a server is that is asked what it serves. */
export interface AskedServer {
  /** URL of REST, or address of gRPC. */
  readonly url: string;
  readonly isGrpc: boolean;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The only model of a server. @throws KtsError as `chosenModel`; what the clients throw */
export async function onlyModel({ url, isGrpc, headers }: AskedServer): Promise<string> {
  if (!isGrpc) {
    using client = new InferenceClient(url, { headers });
    return chosenModel(await client.models(), url);
  }
  using client = new GrpcInferenceClient(url, { headers });
  const models = await client.repositoryIndex({ ready: true });
  return chosenModel([...new Set(models.map(({ name }) => name))], url);
}

/** The inputs of a model, as it declares them. @throws KtsError what the clients throw */
export async function inputsOf(
  { url, isGrpc, headers }: AskedServer,
  model: string,
): Promise<readonly TensorSpec[]> {
  using client = isGrpc ? new GrpcInferenceClient(url, { headers }) : new InferenceClient(url, { headers });
  return (await client.modelMetadata(model)).inputs;
}
