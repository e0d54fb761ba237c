import { type CANCEL_SYMBOL, confirm, isCancel, select, text } from "@clack/prompts";
import { nameProblem } from "./project-folder.ts";
import { TEMPLATES, TEMPLATE_NAMES, type TemplateName } from "./templates.ts";

/*
 * What is asked on a terminal. Questions are on stderr, so that stdout has the result alone.
 */

const output = process.stderr;

/** Nobody wants to go on: Ctrl-C, or Escape. */
export class Cancelled extends Error {}

export async function askFolder(): Promise<string> {
  return answered(
    await text({
      message: "What is the model called? The folder gets that name too.",
      placeholder: "my-model",
      defaultValue: "my-model",
      validate: (value) => (value === undefined || value === "" ? undefined : nameProblem(value)),
      output,
    }),
  );
}

export async function askTemplate(): Promise<TemplateName> {
  const options = TEMPLATE_NAMES.map((value) => ({ value, label: value, hint: TEMPLATES[value] }));
  return answered(await select({ message: "What does it start from?", options, output }));
}

export async function askInstall(command: string): Promise<boolean> {
  return answered(await confirm({ message: `Run ${command}?`, output }));
}

function answered<Value>(answer: Value | typeof CANCEL_SYMBOL): Value {
  if (isCancel(answer)) throw new Cancelled("it was not answered");
  return answer as Value;
}
