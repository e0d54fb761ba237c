import { relative } from "node:path";
import { ejectPlan } from "../../builder/index.ts";
import type { EjectOptions } from "../commands/eject.ts";
import { shellWord } from "../terminal/shell-word.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { warn } from "../terminal/warn.ts";
import { cancellable } from "./cancellable.ts";
import { makePlan } from "./make-plan.ts";
import { platformsOf } from "./plan-options.ts";
import { textProgress } from "./progress.ts";

/** `kserve-ts eject`: writes what `build` would send to Docker. */
export async function runEject(dir: string, options: EjectOptions, terminal: Terminal): Promise<number> {
  return cancellable(async (signal) => {
    using progress = textProgress(terminal);
    const [platform] = platformsOf(options.platform === undefined ? [] : [options.platform]);
    const { report } = progress;
    const plan = await makePlan(dir, options, { signal, report, compileCache: "image", platform });
    for (const warning of plan.warnings) warn(terminal, warning);
    await ejectPlan(plan, options.to, signal);
    progress.finish();
    const folder = shellWord(relative(process.cwd(), options.to) || ".");
    const layers = plan.layers.map(({ name }) => `${name}/`).join(", ");
    terminal.print(`Wrote Dockerfile, ${layers} to ${folder}\n\nNext:\n  docker build -t my-model ${folder}`);
    return 0;
  });
}
