import type { KubeObject } from "../cluster/cluster.ts";
import { GRPC_PORT, HTTP_PORT } from "../manifests/ports.ts";
import type { Members } from "../manifests/manifest.ts";
import { listOf, membersOf, textOf } from "../members.ts";
import { SERVING_CONTAINERS, componentOf, isReadyPod } from "../pods/service-pods.ts";

/** A pod that takes a service's requests, and where. */
export interface ChosenPod {
  readonly pod: string;
  readonly component: string;
  readonly httpPort: number;
  readonly grpcPort: number;
}

/** KServe's sidecar that logs or batches in front of the server. */
const AGENT = "agent";
const AGENT_PORT = 9081;

/**
 * The ready pod that a service's requests go to: of the transformer, which asks the predictor, else of the predictor;
 * for an explanation of the explainer, where there is one. A canary's are left out. Undefined: none is ready.
 */
export function choosePod(
  pods: readonly KubeObject[],
  isvc: KubeObject,
  explains: boolean,
): ChosenPod | undefined {
  const ready = pods.filter((pod) => isReadyPod(pod) && !isCanary(pod, isvc));
  const order = explains ? ["explainer", "transformer", "predictor"] : ["transformer", "predictor"];
  const spec = membersOf(isvc["spec"]);
  // A predictor is no stand-in for its transformer: it takes other inputs.
  const component = order.find((name) => spec[name] !== undefined) ?? "predictor";
  const pod = ready.find((each) => componentOf(each) === component);
  if (pod === undefined) return undefined;
  const containers = listOf(membersOf(pod["spec"])["containers"]);
  const server = containers.find(({ name }) => SERVING_CONTAINERS.includes(String(name))) ?? containers[0];
  const hasAgent = containers.some(({ name }) => name === AGENT);
  return {
    pod: pod.metadata.name,
    component,
    httpPort: hasAgent ? AGENT_PORT : httpPortOf(server ?? {}),
    grpcPort: grpcPortOf(server ?? {}),
  };
}

function isCanary(pod: KubeObject, isvc: KubeObject): boolean {
  const names = listOf(membersOf(isvc["spec"])["canary"]).map(
    ({ predictor, name }) => textOf(membersOf(predictor)["name"]) ?? textOf(name),
  );
  const app = pod.metadata.labels?.["app"];
  return names.some((name) => app === `isvc.${isvc.metadata.name}-${name}-predictor`);
}

/** The first port that is declared is the Service's, unless it is for gRPC; else what the arguments say. */
function httpPortOf(container: Members): number {
  const port = portsOf(container).find(({ name }) => !isGrpcName(name));
  if (port !== undefined) return port.number;
  return argument(container, /^--(?:http|rest(?:_api)?)[-_]port$/) ?? HTTP_PORT;
}

function grpcPortOf(container: Members): number {
  const port = portsOf(container).find(({ name }) => isGrpcName(name));
  return port?.number ?? argument(container, /^--grpc[-_]port$/) ?? GRPC_PORT;
}

function portsOf({ ports }: Members) {
  return listOf(ports).map(({ name, containerPort }) => ({ name, number: Number(containerPort) }));
}

function isGrpcName(name: unknown): boolean {
  return typeof name === "string" && /grpc|h2c/.test(name);
}

function argument(container: Members, flag: RegExp): number | undefined {
  const port = Number(argumentOf(container, flag));
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

/** The value of a flag among a container's arguments, written `--flag=value` or `--flag value`. */
export function argumentOf({ command, args }: Members, flag: RegExp): string | undefined {
  const words = [command, args].flatMap((list) => (Array.isArray(list) ? list.map(String) : []));
  for (const [at, word] of words.entries()) {
    const [name = "", ...value] = word.split("=");
    if (flag.test(name)) return value.length > 0 ? value.join("=") : words[at + 1];
  }
  return undefined;
}
