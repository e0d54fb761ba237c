import { PLAN_OPTIONS, PLATFORM_NAMES } from "../build/plan-options.ts";
import { choice, text } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  to: text({
    flag: "to",
    placeholder: "<folder>",
    default: "image",
    doc: "The folder to write into. It must be empty, or not be there yet.",
  }),
  ...PLAN_OPTIONS,
  platform: choice({
    flag: "platform",
    of: PLATFORM_NAMES,
    default: undefined,
    doc: "What the image runs on. Default: linux on this machine's kind of processor.",
  }),
} as const;

/** What `eject` is told. */
export type EjectOptions = ValuesOf<typeof options>;

/** `kserve-ts eject`: the Dockerfile and its context, to be owned by the user. */
export const eject = defineVerb({
  name: "eject",
  summary: "Write the Dockerfile and context that build would use",
  description: [
    "The folder has the Dockerfile and all that it copies. From then on docker build makes the image, and what is in it is yours to change.",
  ],
  arguments: {
    dir: { default: ".", doc: "The folder to build, or the path of a predictor or a model file." },
  },
  options,
  examples: [
    {
      says: "Own the build of the digits",
      command: "kserve-ts eject examples/digits --to /tmp/kserve-ts-digits-image",
    },
  ],
  run: async (call) =>
    (await import("../build/run-eject.ts")).runEject(call.arguments.dir, call.options, call.terminal),
});
