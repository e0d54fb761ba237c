import { startService } from "../../deployer/rollout/stop-service.ts";
import type { StartOptions } from "../commands/start.ts";
import { openTarget } from "../deploy/open-target.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { sayDone } from "./say.ts";
import { untilReady } from "./until-ready.ts";

const SENTENCES = {
  ready: "is started, and ready.",
  starting: "is being started.",
  unchanged: "was not stopped.",
} as const;

/** Starts an InferenceService. @throws KtsError as `openTarget`, `startService` and `waitUntilReady` */
export async function runStart(
  name: string,
  options: StartOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  await using target = await openTarget({ options, env, name });
  const { cluster } = target;
  const which = { name: target.deployment.settings.name };
  const { service, ...started } = await startService(cluster, which, await target.facts());
  const isChanged = started.outcome !== "unchanged";
  const ready = isChanged && (await untilReady(cluster, service, undefined, options, terminal));
  const outcome = ready ? "ready" : started.outcome;
  sayDone(options.output, { ...started, outcome }, `${which.name} ${SENTENCES[outcome]}`, terminal);
  return 0;
}
