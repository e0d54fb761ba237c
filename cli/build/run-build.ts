import { renderDockerfile } from "../../builder/index.ts";
import { KtsError } from "../../contract/errors.ts";
import type { BuildOptions } from "../commands/build.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { cancellable } from "./cancellable.ts";
import { loadEngine } from "./engines.ts";
import { makePlan } from "./make-plan.ts";
import { pairsOf } from "./plan-options.ts";
import { canProve, proofText, prove } from "./prove.ts";
import { jsonProgress, textProgress } from "./progress.ts";
import { planJson, planText, resultJson, resultText } from "./summary.ts";

/** `kserve-ts build`: plans, builds, pushes, and says what came of it. */
export async function runBuild(dir: string, options: BuildOptions, terminal: Terminal): Promise<number> {
  const { tag, dryRun } = options;
  if (tag === undefined && !dryRun) {
    throw new KtsError("KTS_USAGE", "build needs the image's name", {
      hint: "Give --tag registry/name:version, or --dry-run to see the plan alone.",
    });
  }
  const buildArgs = pairsOf(options.buildArg, "--build-arg");
  return cancellable(async (signal) => {
    const isJson = options.output === "json";
    using progress = isJson ? jsonProgress(terminal) : textProgress(terminal);
    const { report } = progress;
    // The daemonless engine runs no command in an image.
    const compileCache = options.engine === "oci" ? "package" : "image";
    const plan = await makePlan(dir, options, { signal, report, compileCache });
    if (!isJson) for (const warning of plan.warnings) terminal.complain(warningText(warning, terminal));
    if (tag === undefined || dryRun) {
      progress.finish();
      const dockerfile = renderDockerfile(plan);
      terminal.print(isJson ? JSON.stringify(planJson(plan, dockerfile)) : planText(plan, dockerfile));
      return 0;
    }
    const engine = await loadEngine(options.engine, { buildArgs, noCache: options.noCache });
    const built = await engine.build(plan, tag, { signal, report });
    // An image without its model cannot answer before a cluster mounts one.
    const isWhole = options.model !== "none" && options.proof;
    const { image, report: proof } =
      canProve(engine) && isWhole
        ? await prove(engine, built, dir, { signal, report })
        : { image: built, report: undefined };
    const published = options.push ? await engine.publish(image, { signal, report }) : undefined;
    progress.finish();
    if (isJson) {
      terminal.print(JSON.stringify({ ...resultJson(image, published), proof, warnings: plan.warnings }));
    } else {
      if (proof !== undefined) terminal.print(`${proofText(proof)}\n`);
      terminal.print(resultText(image, published));
    }
    return 0;
  });
}

function warningText(warning: string, { styleComplaint }: Terminal): string {
  return `${styleComplaint("yellow", "warning:")} ${warning}`;
}
