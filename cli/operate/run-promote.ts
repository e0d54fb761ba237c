import { promoteService } from "../../deployer/rollout/promote-service.ts";
import type { PromoteOptions } from "../commands/promote.ts";
import { openTarget } from "../deploy/open-target.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { sayDone } from "./say.ts";
import { untilReady } from "./until-ready.ts";

/** Promotes a canary. @throws KtsError as `openTarget`, `promoteService` and `waitUntilReady` */
export async function runPromote(
  name: string,
  options: PromoteOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  await using target = await openTarget({ options, env, name });
  const { cluster } = target;
  const { canary: wanted, force } = options;
  const done = await promoteService(
    cluster,
    { name: target.deployment.settings.name },
    { force, ...(wanted !== undefined && { canary: wanted }) },
  );
  const ready = await untilReady(cluster, done.service, done.manifest, options, terminal);
  const { canary, keepsPods, namespace } = done;
  const how = keepsPods
    ? ""
    : ": the predictor's pods were replaced, since the canary's model has the same URI";
  const sentence = `${done.name}: ${canary} ${ready ? "has" : "is getting"} every request${how}.`;
  sayDone(options.output, { name: done.name, namespace, canary, keepsPods, ready }, sentence, terminal);
  return 0;
}
