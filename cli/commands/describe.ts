import { OUTPUT_OPTION } from "../deploy/output.ts";
import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { NAME_ARGUMENT } from "../operate/operate-options.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = { output: OUTPUT_OPTION, ...TARGET_OPTIONS } as const;

/** What `describe` is told. */
export type DescribeOptions = ValuesOf<typeof options>;

/** `kserve-ts describe`: all that one asks when something is wrong. */
export const describe = defineVerb({
  name: "describe",
  summary: "Show how a deployment stands, and why",
  description: [
    "Where something stands against it, the cause comes first, with the last lines of the container that it is about, and what to do. Then what runs, its URLs, traffic and canaries, the conditions, the pods with what they do and how often they were started anew, what KServe says of the model, and recent events without those that mean nothing.",
    "Of an InferenceGraph it shows what it waits for, its nodes and its conditions.",
  ],
  arguments: NAME_ARGUMENT,
  options,
  examples: [
    { says: "Why is it not ready?", command: "kserve-ts describe digits" },
    { says: "The same for a program", command: "kserve-ts describe digits -o json" },
  ],
  run: async (call) =>
    (await import("../operate/run-describe.ts")).runDescribe(
      call.arguments.name,
      call.options,
      call.env,
      call.terminal,
    ),
});
