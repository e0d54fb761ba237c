import { describeService } from "../../deployer/rollout/describe-service.ts";
import type { DescribeOptions } from "../commands/describe.ts";
import { openTarget } from "../deploy/open-target.ts";
import { printAs } from "../deploy/output.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { describeLines } from "./describe-lines.ts";

/** Describes an InferenceService. @throws KtsError as `openTarget` and `describeService` */
export async function runDescribe(
  name: string,
  options: DescribeOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  await using target = await openTarget({ options, env, name });
  const service = await describeService(target.cluster, { name: target.deployment.settings.name });
  const table = () => describeLines(service, terminal.style, Date.now());
  await printAs(options.output, { value: service, table }, terminal);
  return 0;
}
