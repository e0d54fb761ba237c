import type { KubeObject } from "../../deployer/cluster/cluster.ts";
import type { KserveFacts } from "../../deployer/cluster/facts.ts";
import { SHIPPED_FACTS } from "../../deployer/steps/plan.ts";
import { type Prepared, liveService, prepareDeployment } from "../../deployer/steps/prepare.ts";
import { messageOf } from "../../contract/errors.ts";
import { byteText } from "../terminal/byte-text.ts";
import { layOut } from "../terminal/columns.ts";
import { imageFor } from "./image-for.ts";
import { openCluster } from "./open-target.ts";
import type { ReadDeployment } from "./read-deployment.ts";
import type { DeployCall } from "./run-deploy.ts";
import { warn } from "../terminal/warn.ts";

/** `deploy --dry-run`: what would be applied and uploaded. Nothing is changed, on the cluster or in a store. */
export async function dryRun(read: ReadDeployment, call: DeployCall, signal: AbortSignal): Promise<number> {
  const { arguments: args, options, env, terminal } = call;
  // Nothing is built: the image is the one that there is.
  const words = { ...options, build: false };
  const [asked, image] = await Promise.all([
    askCluster(read, call, signal),
    imageFor(read, {
      dir: args.dir,
      options: words,
      env,
      terminal: { ...terminal, hasStatus: false },
      signal,
    }),
  ]);
  const { deployment, hasService } = read;
  const prepared = await prepareDeployment({ deployment, ...asked, image: image?.image, hasService, signal });
  const warnings = [...(image?.warning === undefined ? [] : [image.warning]), ...prepared.warnings];
  for (const warning of warnings) warn(terminal, warning);
  const { toYaml } = await import("../../deployer/manifests/print.ts");
  const manifests = [...prepared.manifests, ...prepared.graphs];
  if (options.output === "json")
    terminal.print(JSON.stringify({ ...filesOf(prepared), manifests, warnings }));
  else if (options.output === "yaml") terminal.print(toYaml(manifests).trimEnd());
  else for (const line of tableLines(prepared)) terminal.print(line);
  return 0;
}

interface Asked {
  readonly namespace: string;
  readonly facts: KserveFacts;
  readonly live: KubeObject | undefined;
}

/** What the cluster says; where it cannot be reached, a plan goes by what KServe ships. */
async function askCluster(
  read: ReadDeployment,
  { options, env, terminal }: DeployCall,
  signal: AbortSignal,
): Promise<Asked> {
  const { name } = read.deployment.settings;
  try {
    await using target = await openCluster(read, options.kubeconfig, env);
    const [facts, live] = await Promise.all([
      target.facts(signal),
      liveService(target.cluster, name, signal),
    ]);
    return { namespace: target.namespace, facts, live };
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    const isNamed = options.context !== undefined || options.kubeconfig !== undefined;
    if (code !== "KTS_CLUSTER_UNREACHABLE" || isNamed) throw error;
    warn(
      terminal,
      `The cluster was not asked, and KServe v0.20 in Standard mode is taken: ${messageOf(error)}`,
    );
    const { namespace = "default" } = read.deployment.target;
    return { namespace, facts: SHIPPED_FACTS, live: undefined };
  }
}

/** The model's files as they would lie in the store. */
function filesOf({ packaged, plan }: Prepared) {
  if (packaged === undefined) return {};
  const files = packaged.files.map(({ path, source, content, sha256 }) => ({
    path,
    source,
    sizeBytes: content.sizeBytes,
    sha256,
  }));
  return { storageUri: plan.model?.storageUri, contentHash: packaged.contentHash, files };
}

function tableLines({ manifests, graphs, packaged, plan }: Prepared): readonly string[] {
  const objects = [...manifests, ...graphs].map(({ kind, metadata }) => [
    kind,
    metadata.name,
    metadata.namespace,
  ]);
  const lines = ["Would apply:", ...layOut(objects, 2)];
  if (packaged === undefined) return lines;
  const rows = packaged.files.map(({ path, source, content }) => [
    path,
    byteText(content.sizeBytes),
    source ?? "(made)",
  ]);
  const total = byteText(packaged.sizeBytes);
  return [...lines, "", `Would upload ${total} to ${plan.model?.storageUri}:`, ...layOut(rows, 2)];
}
