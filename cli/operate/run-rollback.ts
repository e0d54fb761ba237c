import { type RolledBack, rollbackService } from "../../deployer/rollout/rollback-service.ts";
import type { RollbackOptions } from "../commands/rollback.ts";
import { openTarget } from "../deploy/open-target.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { sayDone } from "./say.ts";
import { untilReady } from "./until-ready.ts";

/** Goes back. @throws KtsError as `openTarget`, `rollbackService` and `waitUntilReady` */
export async function runRollback(
  name: string,
  options: RollbackOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  await using target = await openTarget({ options, env, name });
  const { cluster } = target;
  const { canary } = options;
  const which = { name: target.deployment.settings.name };
  const done = await rollbackService(cluster, which, canary === undefined ? {} : { canary });
  terminal.note(intentOf(done));
  const ready = await untilReady(cluster, done.service, undefined, options, terminal);
  const { manifest: _manifest, service: _service, ...told } = done;
  const sentence = `${done.name} ${ready ? "serves" : "goes back to"} ${done.predictor}.`;
  sayDone(options.output, { ...told, ready }, sentence, terminal);
  return 0;
}

function intentOf({ canary, readyAt, predictor }: RolledBack): string {
  return canary === undefined
    ? `Going back to ${predictor}, which was ready at ${readyAt}.`
    : `Taking ${canary} back; ${predictor} gets every request.`;
}
