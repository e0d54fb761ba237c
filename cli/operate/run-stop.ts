import { type Stopped, stopService } from "../../deployer/rollout/stop-service.ts";
import type { StopOptions } from "../commands/stop.ts";
import { openTarget } from "../deploy/open-target.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { sayDone, waitingIn } from "./say.ts";

/** Stops an InferenceService. @throws KtsError as `openTarget` and `stopService` */
export async function runStop(
  name: string,
  options: StopOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  await using target = await openTarget({ options, env, name });
  const stopped = await stopService(
    target.cluster,
    { name: target.deployment.settings.name },
    await target.facts(),
    { wait: options.wait, timeoutMs: options.timeoutSeconds * 1000, onWaiting: waitingIn(terminal) },
  );
  terminal.status(undefined);
  sayDone(options.output, stopped, sentenceOf(stopped), terminal);
  return 0;
}

function sentenceOf({ name, outcome, pods }: Stopped): string {
  const count = `${pods.length} ${pods.length === 1 ? "pod" : "pods"}`;
  if (outcome === "unchanged") return `${name} is stopped already.`;
  if (outcome === "stopping") return `${name} is being stopped, with ${count}.`;
  return `${name} is stopped; ${count} ended. kserve-ts start ${name} brings it back.`;
}
