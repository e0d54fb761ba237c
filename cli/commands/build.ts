import { PLAN_OPTIONS, PLATFORM_NAMES } from "../build/plan-options.ts";
import { REGISTRY_OPTIONS } from "../build/registry-flags.ts";
import { choice, choices, text, texts, toggle } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  tag: text({
    flag: "tag",
    short: "t",
    placeholder: "<image>",
    default: undefined,
    doc: "What to call the image, such as registry.example.com/digits:1.",
  }),
  ...PLAN_OPTIONS,
  platform: choices({
    flag: "platform",
    of: PLATFORM_NAMES,
    doc: "What the image runs on; with --engine oci several, under one name. Default: linux on this machine's kind of processor.",
  }),
  buildArg: texts({
    flag: "build-arg",
    placeholder: "<name=value>",
    doc: "An argument of Docker's build, such as HTTP_PROXY. It must be no secret.",
  }),
  noCache: toggle({ flag: "no-cache", doc: "Have the engine build every layer anew." }),
  dryRun: toggle({ flag: "dry-run", doc: "Show the plan and its Dockerfile, and build nothing." }),
  proof: toggle({
    flag: "proof",
    default: true,
    doc: "Run the image once as a cluster would, with the requests of examples/*.json, before it is pushed; --proof=false leaves it out. The engine docker alone can, and only with the model in the image.",
  }),
  push: toggle({ flag: "push", doc: "Send the image to the registry that its name says." }),
  layout: text({
    flag: "layout",
    placeholder: "<folder>",
    default: undefined,
    doc: "Write the image into a folder in the OCI image layout, beside what is there. With --engine oci only.",
  }),
  archive: text({
    flag: "archive",
    placeholder: "<file>",
    default: undefined,
    doc: "Write the image as a tarball for docker load and ctr images import. With --engine oci only, for one platform.",
  }),
  ...REGISTRY_OPTIONS,
  engine: choice({
    flag: "engine",
    of: ["docker", "oci"],
    default: "docker",
    doc: "What builds: Docker, or no daemon at all (oci).",
  }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["text", "json"],
    default: "text",
    doc: "json: events while it works and the result in the end, one a line.",
  }),
} as const;

/** What `build` is told. */
export type BuildOptions = ValuesOf<typeof options>;

/** `kserve-ts build`: a project becomes an image. */
export const build = defineVerb({
  name: "build",
  summary: "Build an image of a predictor and its model",
  description: [
    "The image has the server, the packages that cannot be bundled, the model, the predictor in one file and the config, each a layer: a change of code sends kilobytes. It runs as a numeric user, without a shell and on a read-only file system.",
    "Only what is listed goes in. Credentials and keys never do, and files over 100 MB that are no model are questioned.",
  ],
  arguments: {
    dir: { default: ".", doc: "The folder to build, or the path of a predictor or a model file." },
  },
  options,
  examples: [
    { says: "See what an image would be made of", command: "kserve-ts build examples/digits --dry-run" },
    {
      says: "Leave the model to the cluster",
      command: "kserve-ts build examples/digits --model none --dry-run -o json",
    },
    {
      says: "Build a model file without a line of code",
      command: "kserve-ts build examples/digits/model/model.onnx --name digits --dry-run",
    },
  ],
  run: async ({ arguments: { dir }, options: chosen, given, env, terminal }) =>
    (await import("../build/run-build.ts")).runBuild({ dir, options: chosen, given, env }, terminal),
});
