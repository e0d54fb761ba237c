import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { choice, toggle } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  all: toggle({ flag: "all-namespaces", short: "A", doc: "Of every namespace." }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["table", "json", "yaml", "name"],
    default: "table",
    doc: "table: for people. json and yaml: the same and more, for programs. name: a name a line.",
  }),
  ...TARGET_OPTIONS,
} as const;

/** What `list` is told. */
export type ListOptions = ValuesOf<typeof options>;

/** `kserve-ts list`: the InferenceServices and InferenceGraphs of a namespace. */
export const list = defineVerb({
  name: "list",
  summary: "List what is deployed",
  description: [
    "Every InferenceService of the namespace, whoever made it: whether it is ready, and if not why, in KServe's words; the mode; the predictor's image, or the model's format and URI; pods that are ready and pods there are; a canary's share; the URL; the age; and whether kserve-ts made it. Behind them the InferenceGraphs, with the services that they go to.",
  ],
  arguments: {},
  options,
  examples: [
    { says: "What is deployed here", command: "kserve-ts list" },
    { says: "In the whole cluster, as JSON", command: "kserve-ts list --all-namespaces -o json" },
  ],
  run: async (call) =>
    (await import("../operate/run-list.ts")).runList(call.options, call.env, call.terminal),
});
