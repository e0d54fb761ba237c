import { GrpcInferenceClient, InferenceClient } from "../../client/index.ts";
import { isKtsError } from "../../contract/errors.ts";
import { usable } from "../predict/asking.ts";
import { readHeaders } from "../predict/headers.ts";
import { type Place, openPlace } from "../predict/place.ts";
import type { ReachCall } from "./reach-options.ts";
import type { ReachedServer } from "./reached-server.ts";

const NO_GRPC = "it is not said where: --grpc host:port";

/**
 * Reaches a server that runs: that of `--url`, or a service of a cluster.
 * @param wantsGrpc whether it is to be asked over gRPC
 * @throws KtsError KTS_USAGE for a URL or header that cannot be used; as `openPlace`
 */
export async function reachRemote(call: ReachCall, wantsGrpc: boolean): Promise<ReachedServer> {
  const { url, grpc: address, header } = call.options;
  const headers = readHeaders(header);
  await using opened = new AsyncDisposableStack();
  const rest = opened.use(await openPlace(placeCall(call, "auto", url), headers));
  let grpc: Place | undefined;
  let noGrpc: string = NO_GRPC;
  if (wantsGrpc && (url === undefined || address !== undefined)) {
    try {
      grpc = opened.use(await openPlace(placeCall(call, "grpc", address), headers));
    } catch (error) {
      // A runtime may have no port for it; who names the protocol wants to know.
      if (!isKtsError(error) || call.given.has("protocol")) throw error;
      noGrpc = error.message;
    }
  }
  const { timeoutMs } = call.options;
  const optionsOf = ({ hostHeader }: Place) => ({
    timeoutMs,
    headers: { ...headers, ...(hostHeader !== undefined && { host: hostHeader }) },
  });
  const client = opened.use(usable(() => new InferenceClient(rest.url, optionsOf(rest)), "baseUrl", rest));
  const place = grpc;
  const grpcClient =
    place === undefined
      ? undefined
      : opened.use(usable(() => new GrpcInferenceClient(place.url, optionsOf(place)), "address", place));
  const kept = opened.move();
  return {
    title: url ?? `the service ${call.options.service ?? "of the config file"}`,
    rest: client,
    headers: optionsOf(rest).headers,
    grpc: grpcClient,
    noGrpc,
    modelName: call.options.model ?? rest.modelName,
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}

/** The call as `predict` would have it. */
function placeCall(call: ReachCall, protocol: "auto" | "grpc", url: string | undefined) {
  const given = { has: (key: string) => (key !== "url" || url !== undefined) && call.given.has(key) };
  return { ...call, given, options: { ...call.options, url: url ?? "", protocol, explain: false } };
}
