import { toggle } from "./option-kinds.ts";
import type { Options } from "./verb.ts";

/** The options that every verb has, and `kserve-ts` alone. They may stand in front of the verb too. */
export const GLOBAL_OPTIONS = {
  help: toggle({ flag: "help", short: "h", doc: "Show help, of a verb where one is named." }),
  version: toggle({ flag: "version", short: "v", doc: "Show the version of kserve-ts." }),
  verbose: toggle({ flag: "verbose", doc: "Show the code, the stack and the causes of an error." }),
} as const satisfies Options;
