import { text, toggle } from "../option-kinds.ts";
import { REACH_OPTIONS, RUN_OPTIONS } from "../reach/reach-options.ts";
import { type VerbCall, defineVerb } from "../verb.ts";

const { grpc: _grpc, ...reach } = REACH_OPTIONS;
const { modelName, modelDir, predictorHost, predictorProtocol, predictorUseSsl } = RUN_OPTIONS;

const options = {
  out: text({
    flag: "out",
    placeholder: "<file>",
    default: undefined,
    doc: "The file to write; it stays as it is where nothing has changed. Default: stdout.",
  }),
  check: toggle({
    flag: "check",
    doc: "Write nothing, and end with 1 where the file of --out says something else. Its formatting does not count.",
  }),
  model: text({
    flag: "model",
    short: "m",
    placeholder: "<name>",
    default: undefined,
    doc: "Only this model. Default: all of the server.",
  }),
  ...reach,
  modelName,
  modelDir,
  predictorHost,
  predictorProtocol,
  predictorUseSsl,
} as const;

/** What `client` is called with. */
export type ClientCall = VerbCall<typeof options, { readonly dir: { readonly doc: string } }>;

/** `kserve-ts client`: a typed client, made of what models say of themselves. */
export const client = defineVerb({
  name: "client",
  summary: "Write a typed TypeScript client of a server's models",
  description: [
    "One file: the models' inputs and outputs as types, and classes on top of kserve-ts/client that ask for them. The same models give the same text.",
    "The models are those of the folder, which are served for it on a free port; of an image, by its labels where they say it; or of a server that runs.",
  ],
  arguments: {
    dir: { default: ".", doc: "The project's folder, or the path of a predictor or model file." },
  },
  options,
  examples: [
    { says: "See the client of a project", command: "kserve-ts client examples/digits" },
    {
      says: "Write that of a server that runs",
      command: "kserve-ts client --url http://localhost:8080 --out /tmp/kserve-ts-digits.ts",
    },
    {
      says: "Let CI tell when it is out of date",
      command: "kserve-ts client examples/digits --out /tmp/kserve-ts-digits.ts --check",
    },
    {
      says: "Write that of an image, without running it",
      command: "kserve-ts client --image registry.example.com/digits:1 --out src/digits.ts",
    },
  ],
  run: async (call) => (await import("../client/run-client.ts")).runClient(call),
});
