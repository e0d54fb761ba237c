import type { Cluster } from "../../cluster/cluster.ts";
import { RESOURCES, type Resource } from "../../cluster/resources.ts";
import type { Members } from "../../manifests/manifest.ts";
import { listOf, membersOf, textOf } from "../../members.ts";
import type { Check, ClusterSubject, Outcome } from "../check.ts";

const INGRESS_CLASS: Resource = {
  group: "networking.k8s.io",
  version: "v1",
  plural: "ingressclasses",
  kind: "IngressClass",
  namespaced: false,
};
const GATEWAY: Resource = {
  group: "gateway.networking.k8s.io",
  version: "v1",
  plural: "gateways",
  kind: "Gateway",
  namespaced: true,
};

const CONFIG_MAP = "inferenceservice-config";
const KSERVE_NAMESPACE = "kserve";

const PORT_FORWARD = "kserve-ts predict --target goes through a port-forward by itself.";

/** How a service is reached from outside of the cluster. */
export const ingress: Check<ClusterSubject> = {
  name: "ingress",
  async run({ cluster, facts, target }, signal) {
    const { defaultMode, usesGatewayApi } = await facts(signal);
    if ((target.deploymentMode ?? defaultMode) === "Knative") {
      return { status: "skipped", message: "Knative routes the traffic; its own ingress was not looked at" };
    }
    const settings = await ingressSettings(cluster, signal);
    if (settings === undefined) {
      const message = `the ConfigMap ${KSERVE_NAMESPACE}/${CONFIG_MAP}, which says how traffic comes in, is not there`;
      return { status: "skipped", message };
    }
    if (settings["disableIngressCreation"] === true) {
      return {
        status: "warn",
        message: "KServe makes no ingress here, so services have no way in from outside",
        fix: `${PORT_FORWARD} To have one, set disableIngressCreation to false in ${KSERVE_NAMESPACE}/${CONFIG_MAP}.`,
      };
    }
    const way = usesGatewayApi
      ? await gateway(cluster, settings, signal)
      : await ingressClass(cluster, settings, signal);
    return way.status === "ok" ? withDomain(way, settings) : way;
  },
};

/** The part `ingress` of KServe's ConfigMap; undefined where the map is not there. */
async function ingressSettings(cluster: Cluster, signal: AbortSignal): Promise<Members | undefined> {
  const map = await cluster.get(
    RESOURCES.configMap,
    { namespace: KSERVE_NAMESPACE, name: CONFIG_MAP },
    signal,
  );
  if (map === undefined) return undefined;
  try {
    return membersOf(JSON.parse(textOf(membersOf(map["data"])["ingress"]) ?? "{}"));
  } catch {
    return {};
  }
}

async function gateway(cluster: Cluster, settings: Members, signal: AbortSignal): Promise<Outcome> {
  const path = textOf(settings["kserveIngressGateway"]) ?? "kserve/kserve-ingress-gateway";
  const [namespace = "", name = ""] = path.split("/");
  const object = await cluster.get(GATEWAY, { namespace, name }, signal);
  if (object === undefined) {
    return {
      status: "fail",
      message: `there is no Gateway ${path}, which KServe's routes hang on`,
      fix: "Make it, as KServe's documentation of the Gateway API shows, or name another in kserveIngressGateway.",
    };
  }
  const addresses = listOf(membersOf(object["status"])["addresses"]).map(({ value }) => String(value));
  if (addresses.length > 0) {
    return { status: "ok", message: `the Gateway ${path} is at ${addresses.join(", ")}` };
  }
  return {
    status: "warn",
    message: `the Gateway ${path} has no address yet`,
    fix: `${PORT_FORWARD} Look at its conditions: kubectl -n ${namespace} describe gateway ${name}`,
  };
}

async function ingressClass(cluster: Cluster, settings: Members, signal: AbortSignal): Promise<Outcome> {
  const name = textOf(settings["ingressClassName"]);
  if (name === undefined) return { status: "ok", message: "ingresses are of the cluster's default class" };
  const [found, { items }] = await Promise.all([
    cluster.get(INGRESS_CLASS, { name }, signal),
    cluster.list(RESOURCES.ingress, {}, signal),
  ]);
  if (found === undefined) {
    return {
      status: "warn",
      message: `KServe's ingresses are of the class ${name}, and there is no such class`,
      fix: `${PORT_FORWARD} Install its controller, or set ingressClassName in ${KSERVE_NAMESPACE}/${CONFIG_MAP}.`,
    };
  }
  const addresses = items
    .filter((item) => membersOf(item["spec"])["ingressClassName"] === name)
    .flatMap((item) => listOf(membersOf(membersOf(item["status"])["loadBalancer"])["ingress"]))
    .map(({ ip, hostname }) => String(ip ?? hostname));
  const where = addresses.length === 0 ? "" : ` at ${[...new Set(addresses)].join(", ")}`;
  return { status: "ok", message: `ingresses are of the class ${name}${where}` };
}

/** A domain that resolves nowhere is what KServe ships. */
function withDomain(way: Outcome, settings: Members): Outcome {
  const domain = textOf(settings["ingressDomain"]) ?? "example.com";
  if (domain !== "example.com") return { ...way, message: `${way.message}; hosts end in ${domain}` };
  return {
    status: "warn",
    message: `${way.message}; hosts end in example.com, as KServe ships it, which resolves nowhere`,
    fix: `Set ingressDomain in ${KSERVE_NAMESPACE}/${CONFIG_MAP}, or baseUrl of the target to the ingress's URL: predictions then go there with the Host header.`,
  };
}
