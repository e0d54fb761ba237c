import { addressOf, curlOf, readyPathOf } from "../../deployer/rollout/service-address.ts";
import { findService } from "../../deployer/rollout/service/find-service.ts";
import type { GetUrlOptions } from "../commands/get-url.ts";
import { openTarget } from "../deploy/open-target.ts";
import { shellWord } from "../terminal/shell-word.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";

/** Shows where an InferenceService answers. @throws KtsError as `openTarget`, `findService` and `addressOf` */
export async function runGetUrl(
  name: string,
  options: GetUrlOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  await using target = await openTarget({ options, env, name });
  const { settings, target: place } = target.deployment;
  const service = await findService(target.cluster, { name: settings.name });
  const baseUrl = options.baseUrl ?? place.baseUrl;
  const address = addressOf(service, {
    local: options.local,
    ...(baseUrl !== undefined && { baseUrl }),
  });
  if (options.output === "json") terminal.print(JSON.stringify(address));
  else if (options.curl) terminal.print(curlOf(address, readyPathOf(service), shellWord));
  else {
    terminal.print(address.url);
    if (address.host !== undefined)
      terminal.complain(`It is found there by the header Host: ${address.host}`);
  }
  return 0;
}
