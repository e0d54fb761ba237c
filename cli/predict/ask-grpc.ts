import { GrpcInferenceClient, type ServerAnswer } from "../../client/index.ts";
import { chosenModel } from "./ask-rest.ts";
import { type Asking, usable } from "./asking.ts";
import type { RequestBody } from "./request-body.ts";
import { inferAnswer, inferRequest } from "./tensors.ts";

/**
 * Sends a V2 request over gRPC; the answer is given as V2's JSON.
 * @throws KtsError KTS_USAGE when the address cannot be used, or it is not said which of several models is meant; and
 * what GrpcInferenceClient throws
 */
export async function askGrpc(
  { place, headers, timeoutMs, model }: Asking,
  { text }: RequestBody,
): Promise<ServerAnswer> {
  const { tensors, ...options } = inferRequest(text);
  using client = usable(() => new GrpcInferenceClient(place.url, { headers, timeoutMs }), "address", place);
  const name = model ?? place.modelName ?? (await onlyModel(client));
  return inferAnswer(await client.infer(name, tensors, options));
}

async function onlyModel(client: GrpcInferenceClient): Promise<string> {
  const models = await client.repositoryIndex({ ready: true });
  return chosenModel([...new Set(models.map(({ name }) => name))], client.address);
}
