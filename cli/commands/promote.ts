import { NAME_ARGUMENT, OPERATE_OPTIONS } from "../operate/operate-options.ts";
import { text, toggle } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  canary: text({
    flag: "canary",
    placeholder: "<name>",
    default: undefined,
    doc: "Which canary of several. Default: the only one.",
  }),
  force: toggle({ flag: "force", doc: "Promote it even if it is not ready." }),
  ...OPERATE_OPTIONS,
} as const;

/** What `promote` is told. */
export type PromoteOptions = ValuesOf<typeof options>;

/** `kserve-ts promote`: every request to the canary. */
export const promote = defineVerb({
  name: "promote",
  summary: "Give a canary every request",
  description: [
    "On Knative the latest revision gets all of the traffic. On Standard the canary takes the predictor's place in one update; where its model has another URI its pods go on as they are, otherwise KServe takes no other name and the predictor's pods are replaced one by one.",
    "A canary that is not ready is refused. It waits until all of it is ready.",
  ],
  arguments: NAME_ARGUMENT,
  options,
  examples: [{ says: "Promote the canary", command: "kserve-ts promote digits" }],
  run: async (call) =>
    (await import("../operate/run-promote.ts")).runPromote(
      call.arguments.name,
      call.options,
      call.env,
      call.terminal,
    ),
});
