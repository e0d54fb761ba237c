import { KtsError } from "../../contract/errors.ts";
import { nearest } from "../../contract/nearest.ts";
import { inPod } from "./in-pod.ts";
import { type Environment, type Kubeconfig, type Section, readKubeconfig } from "./kubeconfig.ts";

/** A context with what it names. */
export interface ChosenContext {
  readonly name: string;
  readonly namespace: string;
  /** URL of the API server, without a slash at its end. */
  readonly server: string;
  readonly cluster: Section;
  readonly user: Section;
  readonly userName: string;
}

/** Which context, where from. */
export interface ContextChoice {
  /** Default: the kubeconfig's current one. */
  readonly context?: string;
  /** Default: the context's, else `default`. */
  readonly namespace?: string;
  /** Path of a kubeconfig. Default: KUBECONFIG, else ~/.kube/config, else the pod's own service account. */
  readonly kubeconfig?: string;
  readonly env: Environment;
}

/** @throws KtsError KTS_CLUSTER_UNREACHABLE when there is no such context, or none at all */
export async function pickContext(choice: ContextChoice): Promise<ChosenContext> {
  const config = await readKubeconfig(choice.kubeconfig, choice.env);
  if (config.files.length === 0 && choice.context === undefined) {
    const pod = await inPod(choice.env);
    if (pod !== undefined) return { ...pod, namespace: choice.namespace ?? pod.namespace };
  }
  const name = choice.context ?? config.currentContext;
  if (name === undefined) throw noContext(config);
  const context = config.contexts.get(name);
  if (context === undefined) throw unknownContext(name, config, choice.context === undefined);
  const cluster = named(config.clusters, context.cluster, "cluster", name);
  const server = cluster.server;
  if (typeof server !== "string" || !URL.canParse(server) || !/^https?:/.test(server)) {
    throw broken(`the cluster of the context ${name} has no URL of a server, such as https://10.0.0.1:6443`);
  }
  // A context without a user is allowed: a server may let anybody in.
  const user = textOr(context.user, "") === "" ? {} : named(config.users, context.user, "user", name);
  return {
    name,
    namespace: choice.namespace ?? textOr(context.namespace, "default"),
    server: server.replace(/\/+$/, ""),
    cluster,
    user,
    userName: textOr(context.user, ""),
  };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value : otherwise;
}

function named(entries: ReadonlyMap<string, Section>, name: unknown, what: string, context: string): Section {
  const found = typeof name === "string" ? entries.get(name) : undefined;
  if (found !== undefined) return found;
  throw broken(`the context ${context} names the ${what} ${JSON.stringify(name)}, which is not there`);
}

function broken(problem: string): KtsError {
  return new KtsError("KTS_CLUSTER_UNREACHABLE", `The kubeconfig is not whole: ${problem}.`, {
    hint: "kubectl config view shows it; correct it, or fetch the cluster's credentials again.",
  });
}

function noContext(config: Kubeconfig): KtsError {
  if (config.files.length === 0) {
    return new KtsError("KTS_CLUSTER_UNREACHABLE", "No cluster is named: there is no kubeconfig.", {
      hint:
        "Set KUBECONFIG or --kubeconfig to a kubeconfig, or let your provider's command write ~/.kube/config " +
        "(such as: aws eks update-kubeconfig, gcloud container clusters get-credentials, az aks get-credentials).",
    });
  }
  const contexts = [...config.contexts.keys()];
  const where = config.files.join(", ");
  return new KtsError("KTS_CLUSTER_UNREACHABLE", `No cluster is named: ${where} has no current context.`, {
    hint:
      contexts.length === 0
        ? "It has no contexts at all; fetch the cluster's credentials first."
        : `Choose one with --context: ${contexts.join(", ")}.`,
  });
}

function unknownContext(name: string, config: Kubeconfig, isCurrent: boolean): KtsError {
  const contexts = [...config.contexts.keys()];
  const where = config.files.length === 0 ? "for there is no kubeconfig" : `in ${config.files.join(", ")}`;
  const near = meantBy(name, contexts);
  const guess = near === undefined ? "" : ` Did you mean ${near}?`;
  const what = isCurrent ? `The current context ${name} is not there` : `There is no context ${name}`;
  return new KtsError("KTS_CLUSTER_UNREACHABLE", `${what} ${where}.${guess}`, {
    hint: contexts.length === 0 ? "There are no contexts." : `There are: ${contexts.join(", ")}.`,
  });
}

/** The name that a mistyped one is likely to mean. */
function meantBy(name: string, names: readonly string[]): string | undefined {
  // Names that providers write are long (arn:aws:eks:...:cluster/digits), and a part of one is typed.
  const wanted = name.toLowerCase();
  return nearest(name, names)[0] ?? names.find((other) => other.toLowerCase().includes(wanted));
}
