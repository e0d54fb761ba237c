import { NAME_ARGUMENT, OPERATE_OPTIONS } from "../operate/operate-options.ts";
import { text } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  canary: text({
    flag: "canary",
    placeholder: "<name>",
    default: undefined,
    doc: "Which canary of several to take back. Default: the only one.",
  }),
  ...OPERATE_OPTIONS,
} as const;

/** What `rollback` is told. */
export type RollbackOptions = ValuesOf<typeof options>;

/** `kserve-ts rollback`: back to what was there before. */
export const rollback = defineVerb({
  name: "rollback",
  summary: "Take a canary back, or go back to what was ready last",
  description: [
    "Where there is a canary, it is taken back: on Standard it goes, on Knative the latest revision gets no more requests. Otherwise the specification that deploy last saw ready is applied again, and the verb says which. Where there is none it is refused, and nothing is changed.",
  ],
  arguments: NAME_ARGUMENT,
  options,
  examples: [{ says: "Go back", command: "kserve-ts rollback digits" }],
  run: async (call) =>
    (await import("../operate/run-rollback.ts")).runRollback(
      call.arguments.name,
      call.options,
      call.env,
      call.terminal,
    ),
});
