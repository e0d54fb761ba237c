import { InferenceClient, type ServerAnswer } from "../../client/index.ts";
import { KtsError } from "../../contract/errors.ts";
import type { RequestBody } from "./request-body.ts";
import { inferAnswer, inferRequest } from "./tensors.ts";
import { type Asking, usable } from "./asking.ts";

/**
 * Sends a request over REST.
 * @param isBinary whether V2's tensors go as bytes
 * @throws KtsError KTS_USAGE when the URL cannot be used, or it is not said which of several models is meant; and what
 * InferenceClient throws
 */
export async function askRest(
  { place, headers, timeoutMs, model: wanted, explain }: Asking,
  { protocol, text }: RequestBody,
  isBinary: boolean,
): Promise<ServerAnswer> {
  using client = usable(() => new InferenceClient(place.url, { headers, timeoutMs }), "baseUrl", place);
  const name = wanted ?? place.modelName ?? (await onlyModel(client));
  if (isBinary) {
    const { tensors, ...options } = inferRequest(text);
    return inferAnswer(await client.infer(name, tensors, { ...options, binary: true }));
  }
  const model = encodeURIComponent(name);
  const path =
    protocol === "v1"
      ? `/v1/models/${model}:${explain ? "explain" : "predict"}`
      : `/v2/models/${model}/infer`;
  return await client.send(path, text);
}

async function onlyModel(client: InferenceClient): Promise<string> {
  return chosenModel(await client.models(), client.baseUrl);
}

/** The one model of a server. @throws KtsError KTS_MODEL_NOT_FOUND, KTS_USAGE where there are more */
export function chosenModel(models: readonly string[], url: string): string {
  const [only] = models;
  if (only === undefined) {
    throw new KtsError("KTS_MODEL_NOT_FOUND", `the server at ${url} has no model`, {
      hint: "Load one, or name another server with --url.",
    });
  }
  if (models.length === 1) return only;
  throw new KtsError("KTS_USAGE", `the server at ${url} has several models: ${models.join(", ")}`, {
    hint: "Name one with --model.",
  });
}
