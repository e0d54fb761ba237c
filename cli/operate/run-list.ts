import { listServices } from "../../deployer/rollout/list-services.ts";
import type { ListOptions } from "../commands/list.ts";
import { openTarget } from "../deploy/open-target.ts";
import { printAs } from "../deploy/output.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { serviceTable } from "./service-table.ts";

/** Lists InferenceServices. @throws KtsError as `openTarget` and `listServices` */
export async function runList(options: ListOptions, env: Environment, terminal: Terminal): Promise<number> {
  await using target = await openTarget({ options, env });
  const { cluster, namespace } = target;
  const services = await listServices(cluster, { namespace: options.all ? "*" : namespace });
  if (options.output === "name") {
    for (const service of services) {
      terminal.print(options.all ? `${service.namespace}/${service.name}` : service.name);
    }
    return 0;
  }
  if (options.output === "table" && services.length === 0) {
    terminal.complain(`Nothing is deployed ${options.all ? "there" : `in namespace ${namespace}`}.`);
    return 0;
  }
  const table = () => serviceTable(services, options.all, Date.now());
  await printAs(options.output, { value: services, table }, terminal);
  return 0;
}
