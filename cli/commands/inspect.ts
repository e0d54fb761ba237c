import { REGISTRY_OPTIONS } from "../build/registry-flags.ts";
import { choice, text, toggle } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  platform: text({
    flag: "platform",
    placeholder: "<os/arch>",
    default: undefined,
    doc: "Which image of several to look at: linux/amd64 or linux/arm64. Default: this machine's, else the first.",
  }),
  local: toggle({
    flag: "local",
    default: true,
    doc: "Look in the Docker engine first, where there is one; --local=false asks the registry alone.",
  }),
  ...REGISTRY_OPTIONS,
  output: choice({
    flag: "output",
    short: "o",
    of: ["table", "json"],
    default: "table",
    doc: "How to show it: as text for people, or everything as one line of JSON.",
  }),
} as const;

/** What `inspect` is told. */
export type InspectOptions = ValuesOf<typeof options>;

/** `kserve-ts inspect`: what an image says of itself, without pulling it. */
export const inspect = defineVerb({
  name: "inspect",
  summary: "Show what an image serves, without pulling it",
  description: [
    "Shows the model, its signature, the versions, the layers with their sizes, and what was measured when the image was proven, as its labels have them. An image that the Docker engine has is looked at there, with the sizes of its unpacked layers; else the registry is asked. Of a registry only the manifest and the configuration are fetched, with the credentials that docker login keeps.",
    "An image is named as for docker pull, or by a path that starts with / ./ or ../: a folder in the OCI image layout, or a tarball of docker save. Behind a path :tag says which of several is meant.",
  ],
  arguments: { image: { doc: "The image: a name in a registry, or the path of a layout or a tarball." } },
  options,
  examples: [
    { says: "Look at an image of a registry", command: "kserve-ts inspect ghcr.io/me/digits:1" },
    { says: "Look at a tarball, as JSON", command: "kserve-ts inspect ./digits.tar -o json" },
  ],
  run: async (call) =>
    (await import("../inspect/run-inspect.ts")).runInspect(
      call.arguments.image,
      call.options,
      call.env,
      call.terminal,
    ),
});
