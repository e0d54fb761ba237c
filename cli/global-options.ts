import { choice, toggle } from "./option-kinds.ts";
import { PROGRESS_MODES, PROGRESS_VARIABLE } from "./terminal/progress-mode.ts";
import type { Options } from "./verb.ts";

/** The options that every verb has, and `kserve-ts` alone. They may stand in front of the verb too. */
export const GLOBAL_OPTIONS = {
  help: toggle({ flag: "help", short: "h", doc: "Show help, of a verb where one is named." }),
  version: toggle({ flag: "version", short: "v", doc: "Show the version of kserve-ts." }),
  progress: choice({
    flag: "progress",
    of: PROGRESS_MODES,
    default: "auto",
    env: [PROGRESS_VARIABLE],
    doc: "How stderr shows what is under way. tty: drawn anew in place; plain: a line for each change; json: an object a line, errors and warnings as well; quiet: errors and warnings only; auto: tty on a terminal, else plain.",
  }),
  quiet: toggle({ flag: "quiet", short: "q", doc: "The same as --progress quiet." }),
  verbose: toggle({ flag: "verbose", doc: "Show the code, the stack and the causes of an error." }),
} as const satisfies Options;
