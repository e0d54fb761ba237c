import { OUTPUT_OPTION } from "../deploy/output.ts";
import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { CHECK_NAMES } from "../doctor/check-names.ts";
import { choices, integer } from "../option-kinds.ts";
import { type VerbCall, defineVerb } from "../verb.ts";

const options = {
  only: choices({
    flag: "only",
    of: CHECK_NAMES,
    doc: "Make these checks alone. Default: all, but docker only where an image of your own is deployed.",
  }),
  timeoutMs: integer({
    flag: "timeout-ms",
    range: [1, 2_147_483_647],
    default: 2500,
    doc: "Milliseconds that each check has; they run side by side.",
  }),
  output: OUTPUT_OPTION,
  ...TARGET_OPTIONS,
} as const;

/** What `doctor` is called with. */
export type DoctorCall = VerbCall<typeof options, Record<never, never>>;

/** `kserve-ts doctor`: whether building and deploying would work from here. */
export const doctor = defineVerb({
  name: "doctor",
  summary: "Check whether building and deploying would work from here",
  description: [
    "Looks at this machine, the image's registry and the cluster, and says of each finding what to do about it. Nothing is changed anywhere.",
    "Ends with 0 where nothing fails, warnings or not, and with 1 otherwise.",
  ],
  arguments: {},
  options,
  examples: [
    { says: "Check what this folder's config file needs", command: "kserve-ts doctor" },
    {
      says: "Check another cluster, for a program",
      command: "kserve-ts doctor --context staging -n models -o json",
    },
    { says: "Check the permissions alone", command: "kserve-ts doctor --only permissions" },
  ],
  run: async (call) => (await import("../doctor/run-doctor.ts")).runDoctor(call),
});
