import { KtsError } from "../../contract/errors.ts";
import type { DeployVerbOptions } from "../commands/deploy.ts";
import { cancellable } from "../build/cancellable.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { wordLayers } from "./deploy-words.ts";
import { checkBuildFlag, imageFor } from "./image-for.ts";
import { openCluster } from "./open-target.ts";
import { readDeployment } from "./read-deployment.ts";
import { carryOut } from "./carry-out.ts";
import { dryRun } from "./dry-run.ts";
import { warn } from "../terminal/warn.ts";

/** What `deploy` is called with. */
export interface DeployCall {
  readonly arguments: { readonly dir: string };
  readonly options: DeployVerbOptions;
  readonly env: Environment;
  readonly terminal: Terminal;
}

/** `kserve-ts deploy`: reads the settings, finds the image, prepares, uploads, applies and waits. */
export async function runDeploy(call: DeployCall): Promise<number> {
  const { arguments: args, options, env, terminal } = call;
  return cancellable(async (signal) => {
    if (options.atomic && !options.wait) {
      throw new KtsError("KTS_USAGE", "--atomic needs to wait, and --no-wait is given", {
        hint: "Leave one of them out.",
      });
    }
    const startedAt = performance.now();
    const read = await readDeployment({ options, env, folder: args.dir, ...(await wordLayers(options)) });
    const { checkDeployment } = await import("../../deployer/config/layers.ts");
    if (read.hasService) checkDeployment(read.deployment);
    checkBuildFlag(read, options.build);
    if (options.dryRun) return dryRun(read, call, signal);
    // What asks the cluster goes on while the image is looked for.
    await using target = await openCluster(read, options.kubeconfig, env);
    const { liveService } = await import("../../deployer/steps/prepare.ts");
    const { name } = read.deployment.settings;
    const asked = Promise.all([target.facts(signal), liveService(target.cluster, name, signal)]);
    asked.catch(() => undefined);
    const image = await imageFor(read, { dir: args.dir, options, env, terminal, signal });
    const [facts, live] = await asked;
    if (image?.warning !== undefined) warn(terminal, image.warning);
    return await carryOut({
      target,
      facts,
      live,
      image: image?.image,
      options,
      env,
      terminal,
      signal,
      startedAt,
    });
  });
}
