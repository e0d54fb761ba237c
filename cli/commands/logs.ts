import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { choice, integer, text, toggle } from "../option-kinds.ts";
import { type VerbCall, defineVerb } from "../verb.ts";

const options = {
  follow: toggle({
    flag: "follow",
    short: "f",
    doc: "Go on with lines as they come, of pods that come as well, until Ctrl-C.",
  }),
  tail: integer({
    flag: "tail",
    range: [0, 2_147_483_647],
    default: undefined,
    doc: "So many of the last lines of each container. Default: all.",
  }),
  since: text({
    flag: "since",
    placeholder: "<duration>",
    default: undefined,
    doc: "Lines of so long ago at most: 90s, 5m, 2h, 1d, or seconds alone. Default: all.",
  }),
  component: choice({
    flag: "component",
    of: ["predictor", "transformer", "explainer"],
    default: undefined,
    doc: "Pods of this component alone. Default: of all.",
  }),
  container: text({
    flag: "container",
    short: "c",
    placeholder: "<name>",
    default: undefined,
    doc: "This container of each pod alone, such as kserve-container or storage-initializer. Default: all, init containers too.",
  }),
  previous: toggle({
    flag: "previous",
    short: "p",
    doc: "Only the lines of before a container's last restart; --no-previous: without those. Default: both, these under a heading.",
  }),
  timestamps: toggle({
    flag: "timestamps",
    doc: "Show in front of each line when it was written.",
  }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["text", "json"],
    default: "text",
    doc: "text: each line behind its pod's name, in a colour of its own on a terminal. json: an object a line, with its time.",
  }),
  ...TARGET_OPTIONS,
} as const;

const args = {
  name: { doc: "The InferenceService. Default: the config file's.", default: "" },
} as const;

/** What `logs` is called with. */
export type LogsCall = VerbCall<typeof options, typeof args>;

/** `kserve-ts logs`: what the pods of a service write. */
export const logs = defineVerb({
  name: "logs",
  summary: "Show what the pods of a service write",
  description: [
    "Shows the logs of all pods of an InferenceService: of init containers, servers and sidecars, and what a container wrote before it was restarted.",
    "What a container waits for, if it has not started, goes to stderr, as does whatever else is no line of a log.",
  ],
  arguments: args,
  options,
  examples: [
    { says: "Follow all pods of the config file's service", command: "kserve-ts logs -f" },
    {
      says: "The last lines of any service's server",
      command: "kserve-ts logs digits -n models --container kserve-container --tail 20",
    },
    {
      says: "What it wrote before it was restarted, for another program",
      command: "kserve-ts logs digits --previous -o json",
    },
  ],
  run: async (call) => (await import("../logs/run-logs.ts")).runLogs(call),
});
