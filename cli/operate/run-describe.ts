import { isKtsError } from "../../contract/errors.ts";
import { describeService } from "../../deployer/rollout/describe-service.ts";
import { describeGraph } from "../../deployer/rollout/graphs.ts";
import type { DescribeOptions } from "../commands/describe.ts";
import { openTarget } from "../deploy/open-target.ts";
import { printAs } from "../deploy/output.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { describeLines } from "./describe-lines.ts";
import { graphLines } from "./graph-lines.ts";

/** Describes an InferenceService, or the InferenceGraph of that name. @throws KtsError as `openTarget` and `describeService` */
export async function runDescribe(
  name: string,
  options: DescribeOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  await using target = await openTarget({ options, env, name });
  const { cluster } = target;
  const which = { name: target.deployment.settings.name };
  const found = await describeService(cluster, which).catch(async (error: unknown) => {
    const graph = isNotFound(error) ? await describeGraph(cluster, which) : undefined;
    if (graph === undefined) throw error;
    return graph;
  });
  const table = () =>
    "nodes" in found
      ? graphLines(found, terminal.style, Date.now())
      : describeLines(found, terminal.style, Date.now());
  await printAs(options.output, { value: found, table }, terminal);
  return 0;
}

function isNotFound(error: unknown): boolean {
  return isKtsError(error) && error.code === "KTS_SERVICE_NOT_FOUND";
}
