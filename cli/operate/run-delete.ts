import { type Deleted, deleteService } from "../../deployer/rollout/delete-service.ts";
import { findService } from "../../deployer/rollout/service/find-service.ts";
import { isOurs } from "../../deployer/rollout/service/service-facts.ts";
import type { DeleteOptions } from "../commands/delete.ts";
import { openTarget } from "../deploy/open-target.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { confirm } from "./confirm.ts";
import { sayDone, waitingIn } from "./say.ts";

/** Deletes an InferenceService. @throws KtsError as `openTarget` and `deleteService`, KTS_USAGE where nobody says yes */
export async function runDelete(
  name: string,
  options: DeleteOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  await using target = await openTarget({ options, env, name });
  const { cluster, namespace } = target;
  // What is not there is said before anybody is asked.
  const service = await findService(cluster, { name });
  if (!options.yes) {
    const others = isOurs(service) ? "" : ", which kserve-ts did not make";
    const question = `Delete ${name}${others}, in namespace ${namespace} of ${cluster.context}?`;
    if (!(await confirm(question, "--yes"))) {
      terminal.complain("Nothing was deleted.");
      return 0;
    }
  }
  const deleted = await deleteService(
    cluster,
    { name },
    { wait: options.wait, timeoutMs: options.timeoutSeconds * 1000, onWaiting: waitingIn(terminal) },
  );
  terminal.status(undefined);
  sayDone(options.output, deleted, sentencesOf(deleted), terminal);
  return 0;
}

function sentencesOf({ deleted, kept, gone }: Deleted): string {
  const lines = deleted.map(
    ({ kind, name }) => `${kind} ${name} ${gone ? "is deleted" : "is being deleted"}.`,
  );
  const stays = kept.map(({ kind, name, usedBy }) => `${kind} ${name} stays: ${usedBy} uses it too.`);
  return [...lines, ...stays].join("\n");
}
