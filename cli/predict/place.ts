import { KtsError } from "../../contract/errors.ts";
import type { Cluster } from "../../deployer/cluster/cluster.ts";
import type { PredictCall } from "../commands/predict.ts";
import { TARGET_OPTIONS } from "../deploy/target-options.ts";

/** A server that is to be asked, until it is disposed of. */
export interface Place extends AsyncDisposable {
  /** URL of REST, or address of gRPC, whichever was wanted. */
  readonly url: string;
  readonly hostHeader: string | undefined;
  /** The model's name, where the place knows it. */
  readonly modelName: string | undefined;
  /** The option that named it, for messages. */
  readonly namedBy: "--url" | "--service";
}

/** What of a verb's call says whom to ask. */
export interface PlaceCall extends Pick<PredictCall, "env" | "terminal" | "isVerbose"> {
  readonly options: Omit<
    PredictCall["options"],
    "input" | "output" | "header" | "model" | "timeoutMs" | "protocol"
  > & {
    readonly protocol: string;
  };
  /** Keys of the options that were given. */
  readonly given: { has(key: string): boolean };
}

const GRPC_DEFAULT = "localhost:8081";

/**
 * The server that the command line means: that of `--url`, or a service of a cluster, which is reached then.
 * @throws KtsError as `openTarget` and `reachService`
 */
export async function openPlace(call: PlaceCall, headers: Readonly<Record<string, string>>): Promise<Place> {
  const { options, given } = call;
  const { hostHeader } = options;
  const isGrpc = options.protocol === "grpc";
  if (!meansCluster(given)) {
    const url = isGrpc && !given.has("url") ? GRPC_DEFAULT : options.url;
    return {
      url,
      hostHeader,
      modelName: undefined,
      namedBy: "--url",
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  return openService(call, headers);
}

/** Whether anything was said that only a cluster has. */
export function meansCluster(given: PlaceCall["given"]): boolean {
  return ["service", "via", ...Object.keys(TARGET_OPTIONS)].some((key) => given.has(key));
}

async function openService(
  { options, given, env, terminal, isVerbose }: PlaceCall,
  headers: Readonly<Record<string, string>>,
): Promise<Place> {
  if (given.has("hostHeader") && options.via === "port-forward") {
    throw new KtsError("KTS_USAGE", "--host-header is for an ingress, and --via port-forward goes past it", {
      hint: "Leave one of them out.",
    });
  }
  const [{ openTarget }, { reachService }] = await Promise.all([
    import("../deploy/open-target.ts"),
    import("../../deployer/reach/reach-service.ts"),
  ]);
  await using opened = new AsyncDisposableStack();
  const target = opened.use(
    await openTarget({ options, env, ...(options.service !== undefined && { name: options.service }) }),
  );
  const { baseUrl } = target.deployment.target;
  const cluster: Cluster = target.cluster;
  const reached = opened.use(
    await reachService(cluster, target.deployment.settings.name, {
      via: options.via,
      grpc: options.protocol === "grpc",
      explains: options.explain,
      headers,
      ...(baseUrl !== undefined && { baseUrl }),
    }),
  );
  const { via, url, grpc, notes } = reached;
  const address = grpc ?? url;
  if (isVerbose) for (const note of notes) terminal.complain(note);
  else if (baseUrl !== undefined && via === "port-forward" && options.via === "auto") {
    // The config file says where predictions go, and they go elsewhere.
    for (const note of notes.filter((text) => text.startsWith("not by ingress"))) terminal.complain(note);
  }
  if (isVerbose) {
    const host = reached.hostHeader === undefined ? "" : `, Host ${reached.hostHeader}`;
    terminal.note(`${target.deployment.settings.name} is asked by ${via} at ${address}${host}`);
  }
  const kept = opened.move();
  return {
    url: address,
    hostHeader: options.hostHeader ?? reached.hostHeader,
    modelName: reached.modelName,
    namedBy: "--service",
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}
