import type { DeployResult } from "../../deployer/steps/deploy.ts";
import type { Prepared } from "../../deployer/steps/prepare.ts";
import { shellWord } from "../terminal/shell-word.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { OpenTarget } from "./open-target.ts";

/** What came of a deployment, for programs. */
export interface DeployOutcome {
  readonly name: string;
  readonly namespace: string;
  readonly context: string;
  /** Of the InferenceService. */
  readonly outcome: "created" | "configured" | "unchanged";
  /** Whether it was seen to be ready; false where nobody waited. */
  readonly ready: boolean;
  readonly url: string | undefined;
  readonly revision: string | undefined;
  readonly image: string | undefined;
  readonly storageUri: string | undefined;
  /** Of the model's files. */
  readonly contentHash: string | undefined;
  /** The graphs that were deployed with it. */
  readonly graphs: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly url: string | undefined;
  }[];
  readonly objects: readonly { readonly kind: string; readonly name: string; readonly outcome: string }[];
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/** What a deployment is told of in the end. */
export interface OutcomeInput {
  readonly target: OpenTarget;
  readonly prepared: Prepared;
  readonly result: DeployResult;
  readonly seconds: number;
}

/** Gathers what came of a deployment. */
export function deployResult({ target, prepared, result, seconds }: OutcomeInput): DeployOutcome {
  const { plan, warnings } = prepared;
  const { settings, model } = plan;
  const { objects, view, graphs } = result;
  return {
    name: settings.name,
    namespace: plan.namespace,
    context: target.cluster.context,
    outcome: result.unchanged ? "unchanged" : serviceAction(objects),
    ready: view?.ready ?? false,
    url: view?.url,
    revision: view?.revision,
    image: settings.predictor === "custom" ? (plan.image ?? settings.image) : undefined,
    storageUri: model?.storageUri ?? settings.model?.uri,
    contentHash: model?.contentHash,
    graphs: graphs.map(({ name, ready, url }) => ({ name, ready, url })),
    objects: objects.map(({ kind, name, action }) => ({ kind, name, outcome: action })),
    warnings: [...warnings, ...result.warnings],
    seconds: Math.round(seconds * 100) / 100,
  };
}

/** What became of the service: a Secret of it that was changed is a change of it. */
function serviceAction(objects: DeployResult["objects"]): DeployOutcome["outcome"] {
  const own = objects.find(({ kind }) => kind === "InferenceService")?.action ?? "unchanged";
  return own === "unchanged" ? "configured" : own;
}

/** The same for people: what it is now, where it answers, and how to ask it. */
export function resultLines(
  value: DeployOutcome,
  prepared: Prepared,
  { deployment, cluster }: OpenTarget,
  terminal: Terminal,
): readonly string[] {
  const { name, namespace, outcome, ready, url, seconds } = value;
  const state = ready ? terminal.style("green", "ready") : "applied, and nobody waits for it";
  if (prepared.manifests.length === 0) return graphLines(value);
  const head = `${terminal.style("bold", name)} in ${namespace}: ${outcome}, ${state} (${seconds.toFixed(1)} s)`;
  const where = `${shellWord(name)} --context ${shellWord(cluster.context)} -n ${shellWord(namespace)}`;
  if (!ready) return [head, "", "Next:", `  kserve-ts describe ${where}`];
  const lines = [head];
  if (url !== undefined) lines.push(`  ${url}`);
  for (const graph of value.graphs) lines.push(`  graph ${graph.name}: ${graph.url ?? "ready"}`);
  const curl =
    url === undefined ? undefined : curlLine(url, servedName(prepared), prepared, deployment.target);
  return curl === undefined ? lines : [...lines, "", "Ask it:", `  ${curl}`];
}

/** What came of graphs alone. */
function graphLines({ namespace, objects, graphs }: DeployOutcome): readonly string[] {
  return objects.map(({ name, outcome }) => {
    const graph = graphs.find((each) => each.name === name);
    const state = graph === undefined ? "applied, and nobody waits for it" : `ready  ${graph.url ?? ""}`;
    return `graph ${name} in ${namespace}: ${outcome}, ${state}`.trimEnd();
  });
}

/** The name that requests go by. */
function servedName({ plan, packaged }: Prepared): string {
  return packaged?.servedAs?.[0] ?? plan.settings.name;
}

/** A request that any server answers that serves the model: through the ingress where the target names one. */
function curlLine(
  url: string,
  model: string,
  { plan }: Prepared,
  { baseUrl }: { readonly baseUrl?: string },
): string {
  const { predictor, protocolVersion } = plan.settings;
  const isV2 = protocolVersion === "v2" || ["onnx", "triton", "huggingface"].includes(predictor);
  const path = isV2 ? `/v2/models/${model}` : `/v1/models/${model}`;
  if (baseUrl === undefined) return `curl ${shellWord(url.replace(/\/+$/, "") + path)}`;
  const { host, pathname } = new URL(url);
  const at = `${baseUrl.replace(/\/+$/, "")}${pathname.replace(/\/+$/, "")}${path}`;
  return `curl -H ${shellWord(`Host: ${host}`)} ${shellWord(at)}`;
}
