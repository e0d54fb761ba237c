import { KtsError } from "../../contract/errors.ts";
import type { Cluster, ForwardedPort, KubeObject } from "../cluster/cluster.ts";
import { RESOURCES } from "../cluster/resources.ts";
import { listOf, membersOf, textOf } from "../members.ts";
import { podsOf } from "../pods/service-pods.ts";
import { choosePod } from "./choose-pod.ts";
import { modelNameOf } from "./model-name.ts";
import { problemOf } from "./probe.ts";

/** A way to a service. */
export type Way = "url" | "ingress" | "port-forward";

/** How a service is to be reached. */
export interface ReachOptions {
  /** Default `auto`: by `baseUrl` where there is one, else by its own URL, else by a port-forward. */
  readonly via?: Way | "auto";
  /** URL of the ingress that the service's host is asked at. */
  readonly baseUrl?: string;
  /** Whether V2 over gRPC is wanted: then only gRPC's port counts, and `auto` takes a port-forward. Default false. */
  readonly grpc?: boolean;
  /** Whether an explanation is wanted: a port-forward goes to the explainer then. Default false. */
  readonly explains?: boolean;
  /** Headers that an ingress may ask for, such as `authorization`. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds that a place has to answer in before the next way is tried. Default 1500. */
  readonly probeTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A service that is reached until it is disposed of. */
export interface ReachedService extends AsyncDisposable {
  readonly via: Way;
  /** Base URL of REST, without a slash at its end. */
  readonly url: string;
  /** The Host header that finds it there. */
  readonly hostHeader?: string;
  /** Address of gRPC, where it was wanted: `grpc://127.0.0.1:40123`. */
  readonly grpc?: string;
  /** The name its model is asked by; undefined where its server has to be asked for it. */
  readonly modelName: string | undefined;
  /** How it is reached, and why not otherwise, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Finds a way to an InferenceService from here, and opens it.
 *
 * @param name of the InferenceService, in the cluster's namespace
 * @throws KtsError KTS_SERVICE_NOT_FOUND, KTS_SERVER_UNREACHABLE when no way leads there, and what Cluster's calls throw
 * @example
 * await using service = await reachService(cluster, "digits");
 * const headers = service.hostHeader === undefined ? {} : { host: service.hostHeader };
 * using client = new InferenceClient(service.url, { headers });
 */
export async function reachService(
  cluster: Cluster,
  name: string,
  options: ReachOptions = {},
): Promise<ReachedService> {
  const { via = "auto", baseUrl, grpc = false, signal = new AbortController().signal } = options;
  const isvc = await cluster.get(RESOURCES.inferenceService, { name }, signal);
  if (isvc === undefined) {
    const where = `namespace ${cluster.namespace} of ${cluster.context}`;
    throw new KtsError("KTS_SERVICE_NOT_FOUND", `there is no InferenceService ${name} in ${where}`);
  }
  const notes: string[] = [];
  const forward = async () => ({ ...(await forwardTo(cluster, isvc, options)), notes });
  if (via === "port-forward") return forward();
  const places = placesOf(isvc, baseUrl).filter((place) => via === "auto" || place.via === via);
  if (via === "auto" && grpc) {
    // Which routes carry HTTP/2 cannot be seen from here.
    notes.push("gRPC goes through a port-forward, unless --via says otherwise");
    return forward();
  }
  for (const place of places) {
    const problem = await tryPlace(place, isvc, options, signal);
    if (problem === undefined) return { ...reachedAt(place, isvc, grpc), notes };
    notes.push(`not by ${place.via}, as ${problem}`);
  }
  if (via === "auto") return forward();
  throw unreachable(isvc, via, notes);
}

interface Place {
  readonly via: "url" | "ingress";
  readonly url: string;
  readonly hostHeader?: string;
}

/** Where a service may answer, the more wanted first. */
function placesOf(isvc: KubeObject, baseUrl: string | undefined): readonly Place[] {
  const own = URL.parse(textOf(membersOf(isvc["status"])["url"]) ?? "");
  if (own === null) return [];
  const bare = (url: URL) => url.href.replace(/\/+$/, "");
  const places: Place[] = [];
  const base = baseUrl === undefined ? null : URL.parse(baseUrl);
  if (base !== null) {
    // A cluster that routes by path has it in the service's URL.
    const url = bare(base) + own.pathname.replace(/\/+$/, "");
    places.push({ via: "ingress", url, hostHeader: own.host });
  }
  return [...places, { via: "url", url: bare(own) }];
}

async function tryPlace(
  { url, hostHeader }: Place,
  isvc: KubeObject,
  { grpc = false, headers = {}, probeTimeoutMs = 1500 }: ReachOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  // A route for gRPC need not take REST.
  if (grpc) return undefined;
  return problemOf({
    url,
    headers,
    modelName: modelNameOf(isvc),
    timeoutMs: probeTimeoutMs,
    signal,
    ...(hostHeader !== undefined && { hostHeader }),
  });
}

function reachedAt(place: Place, isvc: KubeObject, grpc: boolean): Omit<ReachedService, "notes"> {
  const { protocol, hostname, port } = new URL(place.url);
  const secure = protocol === "https:";
  const grpcPort = port === "" ? (secure ? "443" : "80") : port;
  return {
    ...place,
    modelName: modelNameOf(isvc),
    ...(grpc && { grpc: `${secure ? "grpcs" : "grpc"}://${hostname}:${grpcPort}` }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function forwardTo(
  cluster: Cluster,
  isvc: KubeObject,
  { grpc = false, explains = false, signal }: ReachOptions,
): Promise<Omit<ReachedService, "notes">> {
  const { name } = isvc.metadata;
  const { items } = await cluster.list(RESOURCES.pod, podsOf(name), signal);
  const chosen = choosePod(items, isvc, explains);
  if (chosen === undefined) {
    throw new KtsError("KTS_SERVER_UNREACHABLE", `${name} has no pod that is ready${whyNotReady(isvc)}`, {
      hint: `kserve-ts describe ${name} shows how it stands; kserve-ts logs ${name} what it says.`,
    });
  }
  const port: ForwardedPort = await cluster.forwardPort(
    { name: chosen.pod },
    grpc ? chosen.grpcPort : chosen.httpPort,
  );
  return {
    via: "port-forward",
    url: `http://127.0.0.1:${port.localPort}`,
    modelName: modelNameOf(isvc),
    ...(grpc && { grpc: `grpc://127.0.0.1:${port.localPort}` }),
    [Symbol.asyncDispose]: async () => port[Symbol.asyncDispose](),
  };
}

function whyNotReady(isvc: KubeObject): string {
  const conditions = listOf(membersOf(isvc["status"])["conditions"]);
  const ready = conditions.find(({ type }) => type === "Ready");
  const said = textOf(ready?.["message"]) ?? textOf(ready?.["reason"]);
  return said === undefined ? "" : `: ${said}`;
}

function unreachable(isvc: KubeObject, via: Way, notes: readonly string[]): KtsError {
  const { name } = isvc.metadata;
  const why =
    notes.length > 0
      ? notes.join("; ")
      : via === "ingress"
        ? "no baseUrl of an ingress is set, or it has no URL yet"
        : `it has no URL yet${whyNotReady(isvc)}`;
  return new KtsError("KTS_SERVER_UNREACHABLE", `${name} is not reached by ${via}: ${why}`, {
    hint:
      via === "ingress"
        ? "Set baseUrl of the target to the ingress's URL, or take --via port-forward."
        : "Take --via port-forward, or set baseUrl of the target to the ingress's URL.",
  });
}
