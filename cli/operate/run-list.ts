import { listGraphs } from "../../deployer/rollout/graphs.ts";
import { listServices } from "../../deployer/rollout/list-services.ts";
import type { ListOptions } from "../commands/list.ts";
import { openTarget } from "../deploy/open-target.ts";
import { printAs } from "../deploy/output.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { serviceTable } from "./service-table.ts";

/** Lists InferenceServices and InferenceGraphs. @throws KtsError as `openTarget` and `listServices` */
export async function runList(options: ListOptions, env: Environment, terminal: Terminal): Promise<number> {
  await using target = await openTarget({ options, env });
  const { cluster, namespace } = target;
  const where = { namespace: options.all ? "*" : namespace };
  const [services, graphs] = await Promise.all([listServices(cluster, where), listGraphs(cluster, where)]);
  if (options.output === "name") {
    for (const found of [...services, ...graphs]) {
      terminal.print(options.all ? `${found.namespace}/${found.name}` : found.name);
    }
    return 0;
  }
  if (options.output === "table" && services.length + graphs.length === 0) {
    terminal.complain(`Nothing is deployed ${options.all ? "there" : `in namespace ${namespace}`}.`);
    return 0;
  }
  const value = [
    ...services.map((service) => ({ kind: "InferenceService", ...service })),
    ...graphs.map((graph) => ({ kind: "InferenceGraph", ...graph })),
  ];
  const table = () => serviceTable(services, graphs, options.all, Date.now());
  await printAs(options.output, { value, table }, terminal);
  return 0;
}
