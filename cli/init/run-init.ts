import { relative } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import type { InitCall } from "../commands/init.ts";
import { SIGNAL_EXIT_CODES } from "../serve/stop-signals.ts";
import { shellWord } from "../terminal/shell-word.ts";
import type * as ask from "./ask.ts";
import { type PackageManager, installPackages, runnerOf, usualPackageManager } from "./package-manager.ts";
import { contentsOf, listed, projectFolder } from "./project-folder.ts";
import { TEMPLATES, TEMPLATE_NAMES, type TemplateName } from "./templates.ts";
import { writeProject } from "./write-project.ts";

/**
 * Writes a project. What the command line leaves open is asked on a terminal.
 * @returns 130 where a question was left with Ctrl-C
 * @throws KtsError KTS_USAGE when something is missing or wrong, or the folder has files; KTS_PACKAGE_MISSING
 */
export async function runInit(call: InitCall): Promise<number> {
  const asks = process.stdin.isTTY === true && call.terminal.hasStatus;
  if (!asks) return init(call, undefined);
  const questions = await import("./ask.ts");
  try {
    return await init(call, questions);
  } catch (error) {
    if (error instanceof questions.Cancelled) return SIGNAL_EXIT_CODES.SIGINT;
    throw error;
  }
}

type Questions = typeof ask;

/** @param questions undefined where there is nobody to answer */
async function init(
  { arguments: args, options, given, env, terminal }: InitCall,
  questions: Questions | undefined,
): Promise<number> {
  const { path, name } = projectFolder(args.name || (await questions?.askFolder()) || missing("NAME"));
  const contents = await contentsOf(path);
  const shown = relative(process.cwd(), path) || ".";
  if (contents.length > 0 && !options.force) throw notEmpty(shown, contents);
  const template = options.template ?? (await questions?.askTemplate()) ?? missing("--template");
  const manager = options.packageManager ?? usualPackageManager(env);
  const files = await writeProject(path, template, name);
  // Who has said all in one line wants no question.
  const isComplete = args.name !== "" && options.template !== undefined;
  const installs =
    given.has("install") || isComplete || questions === undefined
      ? options.install
      : await questions.askInstall(`${manager} install`);
  if (installs) await installPackages(path, manager);
  const next = nextSteps({ shown, name }, template, manager, installs);
  if (options.output === "json") {
    const result = { name, folder: path, template, files, installed: installs, next };
    terminal.print(JSON.stringify(result, null, terminal.isInteractive ? 2 : 0));
    return 0;
  }
  const count = `${files.length} files`;
  terminal.print(`${terminal.style("bold", name)}: ${count} from the template ${template} in ${shown}`);
  terminal.print(`\nNext:\n${next.map((step) => `  ${terminal.style("cyan", step)}`).join("\n")}`);
  return 0;
}

function nextSteps(
  { shown, name }: { readonly shown: string; readonly name: string },
  template: TemplateName,
  manager: PackageManager,
  isInstalled: boolean,
): readonly string[] {
  const run = runnerOf(manager);
  return [
    ...(shown === "." ? [] : [`cd ${shellWord(shown)}`]),
    ...(isInstalled ? [] : [`${manager} install`]),
    ...TEMPLATES[template].next.map((words) => `${run} ${words.replaceAll("{{name}}", name)}`),
  ];
}

function missing(what: "NAME" | "--template"): never {
  throw new KtsError("KTS_USAGE", `init needs ${what}: there is no terminal to ask at`, {
    hint: `kserve-ts init NAME --template TEMPLATE; there are ${TEMPLATE_NAMES.join(", ")}.`,
  });
}

function notEmpty(folder: string, contents: readonly string[]): KtsError {
  return new KtsError("KTS_USAGE", `${folder} is not empty: it has ${listed(contents)}`, {
    hint: "Choose another name, or let --force write beside them; files of the same name are replaced.",
  });
}
