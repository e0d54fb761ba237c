import { BUILD_FLAGS } from "../deploy/build-folder.ts";
import { DEPLOY_FLAGS } from "../deploy/deploy-flags.ts";
import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const { insecureRegistry } = BUILD_FLAGS;

const options = { ...TARGET_OPTIONS, ...DEPLOY_FLAGS, insecureRegistry } as const;

/** What `diff` is told. */
export type DiffVerbOptions = ValuesOf<typeof options>;

/** `kserve-ts diff`: what a deployment would change. */
export const diff = defineVerb({
  name: "diff",
  summary: "Show what deploy would change on the cluster",
  description: [
    "The cluster itself says what would become of each object (a dry run of server-side apply), so that its defaults are no differences. Values of secrets are hidden. Nothing is changed, and nothing uploaded.",
    "Ends with 0 where there is no difference, and with 1 where there are some.",
  ],
  arguments: { dir: { default: ".", doc: "The project's folder." } },
  options,
  examples: [{ says: "See what would change", command: "kserve-ts diff examples/digits --target staging" }],
  run: async (call) => (await import("../deploy/run-diff.ts")).runDiff(call),
});
