import { BUILD_FLAGS } from "../deploy/build-folder.ts";
import { DEPLOY_FLAGS } from "../deploy/deploy-flags.ts";
import { OUTPUT_OPTION } from "../deploy/output.ts";
import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { integer, toggle } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

/** A day. */
const MOST_SECONDS = 86_400;

const options = {
  ...TARGET_OPTIONS,
  ...DEPLOY_FLAGS,
  ...BUILD_FLAGS,
  dryRun: toggle({
    flag: "dry-run",
    doc: "Show the manifests, secrets hidden, and a model's files; change nothing. Without a cluster it goes by KServe v0.20.",
  }),
  wait: toggle({
    flag: "wait",
    default: true,
    doc: "Wait until it is ready, or the reason why it cannot become so is known; --no-wait returns once it is applied.",
  }),
  timeout: integer({
    flag: "timeout",
    range: [1, MOST_SECONDS],
    default: undefined,
    doc: "Seconds to wait. Default: the config's waitTimeoutSeconds, else 300.",
  }),
  atomic: toggle({
    flag: "atomic",
    doc: "Go back to what was ready last where this does not become ready.",
  }),
  output: OUTPUT_OPTION,
} as const;

/** What `deploy` is told. */
export type DeployVerbOptions = ValuesOf<typeof options>;

/** `kserve-ts deploy`: an image or a model becomes an InferenceService that is ready. */
export const deploy = defineVerb({
  name: "deploy",
  summary: "Bring an image or a model up on KServe, and wait until it is ready",
  description: [
    "Takes the image of build, or a plain model that one of KServe's own runtimes serves, which is checked, laid out and uploaded. Settings are the config file's deploy and targets; the environment outranks them, and an option both.",
    "What is as it should be already is left alone. Where it cannot come up, the cause is told with the container's last lines.",
  ],
  arguments: { dir: { default: ".", doc: "The project's folder." } },
  options,
  examples: [
    {
      says: "See what an image would become",
      command: "kserve-ts deploy examples/digits --image localhost/digits:1 --dry-run -o yaml",
    },
    {
      says: "See where a model's files would go",
      command:
        "kserve-ts deploy --name digits -p onnx -m examples/digits/model --store s3://models --dry-run",
    },
  ],
  run: async (call) => (await import("../deploy/run-deploy.ts")).runDeploy(call),
});
