import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { choice, integer, toggle } from "../option-kinds.ts";

/** The argument of verbs that are about one InferenceService. */
export const NAME_ARGUMENT = {
  name: { default: "", doc: "Name of the InferenceService. Default: the config file's, else the folder's." },
} as const;

/** The options of verbs that change an InferenceService. */
export const OPERATE_OPTIONS = {
  wait: toggle({ flag: "wait", default: true, doc: "Wait until it has come about." }),
  timeoutSeconds: integer({
    flag: "timeout",
    range: [1, 86_400],
    default: 300,
    doc: "Seconds to wait at most; what was asked for goes on all the same.",
  }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["text", "json"],
    default: "text",
    doc: "text: for people. json: one line of what was done, once it is.",
  }),
  ...TARGET_OPTIONS,
} as const;
