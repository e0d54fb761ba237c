import type { BuildEvent, BuildPlan, PlanOptions, PlanStep, Platform } from "../../builder/index.ts";
import { createPlan } from "../../builder/index.ts";
import { type PlanVerbOptions, pairsOf } from "./plan-options.ts";
import { projectInput } from "./project-input.ts";

const STEPS: readonly PlanStep[] = ["bundle", "model", "dependencies"];

const STEP_NAMES: Readonly<Record<PlanStep, string>> = {
  bundle: "bundle the predictor",
  model: "look through the model",
  dependencies: "install the dependencies",
};

/** How a plan is made for a verb. */
export interface MakePlanOptions {
  readonly signal: AbortSignal;
  readonly report: (event: BuildEvent) => void;
  readonly compileCache: NonNullable<PlanOptions["compileCache"]>;
  /** Undefined: this machine's. */
  readonly platform: Platform | undefined;
  /** Whether the base has this version's server. Default false. */
  readonly baseHasServer?: boolean;
}

/** Plans the image of a folder, as a verb's options say. @throws KtsError as `createPlan` does */
export async function makePlan(
  dir: string,
  options: PlanVerbOptions,
  { signal, report, compileCache, platform, baseHasServer = false }: MakePlanOptions,
): Promise<BuildPlan> {
  const { base, label, include, external, allowLarge } = options;
  return createPlan(await projectInput(dir, options), {
    base,
    baseHasServer,
    platform,
    labels: pairsOf(label, "--label"),
    include,
    external,
    allowLarge,
    compileCache,
    signal,
    report(step, line) {
      const name = STEP_NAMES[step];
      const index = STEPS.indexOf(step) + 1;
      if (line === undefined) report({ kind: "step", step: name, index, count: STEPS.length });
      else report({ kind: "output", step: name, line });
    },
  });
}
