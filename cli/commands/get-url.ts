import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { NAME_ARGUMENT } from "../operate/operate-options.ts";
import { choice, text, toggle } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  local: toggle({ flag: "local", doc: "The address within the cluster." }),
  curl: toggle({ flag: "curl", doc: "A curl command that asks whether it is ready, with the Host header." }),
  baseUrl: text({
    flag: "base-url",
    placeholder: "<url>",
    default: undefined,
    doc: "The ingress to ask in place of the URL's own host, which goes into the Host header. Default: the target's.",
  }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["text", "json"],
    default: "text",
    doc: "text: the URL, or the command. json: url, and host where a Host header is needed.",
  }),
  ...TARGET_OPTIONS,
} as const;

/** What `get-url` is told. */
export type GetUrlOptions = ValuesOf<typeof options>;

/** `kserve-ts get-url`: where an InferenceService answers. */
export const getUrl = defineVerb({
  name: "get-url",
  summary: "Show where a deployment answers",
  description: [
    "The URL is what KServe says, never put together from names. Where there is none, the reason is. With a base URL, as a target's baseUrl or --base-url, requests go to that ingress, which finds the model by the Host header: --curl has both, and without it a line on stderr names the header.",
  ],
  arguments: NAME_ARGUMENT,
  options,
  examples: [
    { says: "Its URL", command: "kserve-ts get-url digits" },
    {
      says: "A command that asks it through an ingress",
      command: "kserve-ts get-url digits --base-url http://localhost:8080 --curl",
    },
  ],
  run: async (call) =>
    (await import("../operate/run-get-url.ts")).runGetUrl(
      call.arguments.name,
      call.options,
      call.env,
      call.terminal,
    ),
});
