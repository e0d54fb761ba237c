import { type BuildPlan, type Platform, ownPlatform, renderDockerfile } from "../../builder/index.ts";
import type { BuildOptions } from "../commands/build.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { warn } from "../terminal/warn.ts";
import type { Environment } from "../verb.ts";
import { baseHasServer } from "./base-server.ts";
import { buildWithDocker } from "./build-with-docker.ts";
import { buildWithOci } from "./build-with-oci.ts";
import { cancellable } from "./cancellable.ts";
import { checkBuildOptions } from "./check-options.ts";
import { checkTargets } from "./check-targets.ts";
import { loadDockerEngine, loadOciEngine } from "./engines.ts";
import { makePlan } from "./make-plan.ts";
import { pairsOf, platformsOf } from "./plan-options.ts";
import { rememberImage } from "./pushed-images.ts";
import { proofText } from "./prove.ts";
import { jsonProgress, textProgress } from "./progress.ts";
import { registryAccess } from "./registry-options.ts";
import { planJson, planText, resultJson, resultText } from "./summary.ts";

/** What `build` is called with. */
export interface BuildCall {
  readonly dir: string;
  readonly options: BuildOptions;
  /** Keys of the options that somebody set. */
  readonly given: ReadonlySet<string>;
  readonly env: Environment;
}

/** `kserve-ts build`: plans, builds, pushes, and says what came of it. */
export async function runBuild({ dir, options, given, env }: BuildCall, terminal: Terminal): Promise<number> {
  checkBuildOptions(options, given);
  const { tag, dryRun, base, noCache } = options;
  const buildArgs = pairsOf(options.buildArg, "--build-arg");
  return cancellable(async (signal) => {
    await checkTargets(options);
    const access = await registryAccess(options, tag, env);
    const isJson = options.output === "json";
    const isOci = options.engine === "oci";
    using progress = isJson ? jsonProgress(terminal) : textProgress(terminal);
    const work = { signal, report: progress.report };
    const docker = isOci ? undefined : await loadDockerEngine({ access, buildArgs, noCache });
    const planFor = async (platform: Platform): Promise<BuildPlan> =>
      makePlan(dir, options, {
        ...work,
        platform,
        // The daemonless engine runs no command in an image.
        compileCache: isOci ? "package" : "image",
        baseHasServer: await baseHasServer(base, platform, { docker, access, signal }),
      });
    const platforms = platformsOf(options.platform);
    const plans: BuildPlan[] = [];
    for (const platform of platforms.length === 0 ? [ownPlatform()] : platforms) {
      plans.push(await planFor(platform));
    }
    const warnings = [...new Set(plans.flatMap((plan) => plan.warnings))];
    if (!isJson) for (const warning of warnings) warn(terminal, warning);
    const [plan] = plans as [BuildPlan, ...BuildPlan[]];
    if (tag === undefined || dryRun) {
      progress.finish();
      for (const each of plans) {
        const dockerfile = renderDockerfile(each);
        terminal.print(isJson ? JSON.stringify(planJson(each, dockerfile)) : planText(each, dockerfile));
      }
      return 0;
    }
    const outcome =
      docker === undefined
        ? await buildWithOci(await loadOciEngine(access), plans, tag, options, work)
        : await buildWithDocker(docker, { dir, plan, reference: tag, options, access }, work);
    progress.finish();
    const pushed = outcome.published?.reference;
    await rememberImage(dir, { reference: tag, ...(pushed !== undefined && { pushed }) }, env);
    if (isJson) {
      terminal.print(JSON.stringify(resultJson(tag, outcome, [...warnings, ...outcome.warnings])));
    } else {
      for (const warning of outcome.warnings) warn(terminal, warning);
      if (outcome.proof !== undefined) terminal.print(`${proofText(outcome.proof)}\n`);
      terminal.print(resultText(tag, outcome, isOci));
    }
    return 0;
  });
}
