import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { type Deleted, deleteService } from "../../deployer/rollout/delete-service.ts";
import { deleteGraph, listGraphs } from "../../deployer/rollout/graphs.ts";
import { findService } from "../../deployer/rollout/service/find-service.ts";
import { isOurs } from "../../deployer/rollout/service/service-facts.ts";
import type { DeleteOptions } from "../commands/delete.ts";
import { openTarget } from "../deploy/open-target.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { confirm } from "./confirm.ts";
import { sayDone, waitingIn } from "./say.ts";

/** Deletes an InferenceService, or the InferenceGraph of that name. @throws KtsError as `openTarget` and `deleteService`, KTS_USAGE where nobody says yes */
export async function runDelete(
  name: string,
  options: DeleteOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  await using target = await openTarget({ options, env, name });
  const { cluster, namespace } = target;
  // What is not there is said before anybody is asked.
  const { isGraph, object } = await findDeployed(cluster, name);
  if (!options.yes) {
    const others = isOurs(object) ? "" : ", which kserve-ts did not make";
    const what = isGraph ? `the graph ${name}` : name;
    const question = `Delete ${what}${others}, in namespace ${namespace} of ${cluster.context}?`;
    if (!(await confirm(question, "--yes"))) {
      terminal.complain("Nothing was deleted.");
      return 0;
    }
  }
  const how = {
    wait: options.wait,
    timeoutMs: options.timeoutSeconds * 1000,
    onWaiting: waitingIn(terminal),
  };
  const deleted = isGraph
    ? await graphDeleted(cluster, name, how)
    : await deleteService(cluster, { name }, how);
  terminal.status(undefined);
  sayDone(options.output, deleted, sentencesOf(deleted), terminal);
  if (isGraph) return 0;
  for (const graph of (await listGraphs(cluster)).filter(({ services }) => services.includes(name))) {
    terminal.complain(
      `The graph ${graph.name} still goes to ${name}; kserve-ts delete ${graph.name} takes it away.`,
    );
  }
  return 0;
}

/** What is deployed under a name. @throws KtsError KTS_SERVICE_NOT_FOUND */
async function findDeployed(cluster: Cluster, name: string) {
  try {
    return { isGraph: false, object: await findService(cluster, { name }) };
  } catch (error) {
    const graph = await cluster.get(RESOURCES.inferenceGraph, { name });
    if (graph === undefined) throw error;
    return { isGraph: true, object: graph };
  }
}

async function graphDeleted(
  cluster: Cluster,
  name: string,
  how: Parameters<typeof deleteGraph>[2],
): Promise<Deleted> {
  await deleteGraph(cluster, { name }, how);
  const { namespace } = cluster;
  return { name, namespace, deleted: [{ kind: "InferenceGraph", name }], kept: [], gone: how.wait ?? true };
}

function sentencesOf({ deleted, kept, gone }: Deleted): string {
  const lines = deleted.map(
    ({ kind, name }) => `${kind} ${name} ${gone ? "is deleted" : "is being deleted"}.`,
  );
  const stays = kept.map(({ kind, name, usedBy }) => `${kind} ${name} stays: ${usedBy} uses it too.`);
  return [...lines, ...stays].join("\n");
}
