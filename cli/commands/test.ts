import { choice, choices, integer, text, texts, toggle } from "../option-kinds.ts";
import { REACH_OPTIONS, RUN_OPTIONS } from "../reach/reach-options.ts";
import { TEST_PROTOCOLS } from "../test/protocols.ts";
import { type VerbCall, defineVerb } from "../verb.ts";

const options = {
  filter: texts({
    flag: "filter",
    short: "f",
    placeholder: "<text>",
    doc: "Only examples whose name has this in it, such as seven or examples/digits/.",
  }),
  protocol: choices({
    flag: "protocol",
    of: TEST_PROTOCOLS,
    doc: "Only these ways of asking. stream asks for events over the example's own protocol. Default: all but stream.",
  }),
  tolerance: text({
    flag: "tolerance",
    placeholder: "<relative[,absolute]>",
    default: "1e-4,1e-5",
    doc: "How far numbers may be apart: a share of the larger one, and what is added to that, whatever their size. Integers have to be the same.",
  }),
  update: toggle({
    flag: "update",
    short: "u",
    doc: "Write the answers as those that are expected (*.expected.json), and say what has changed. Answers within the tolerance leave their files as they are.",
  }),
  bail: toggle({ flag: "bail", doc: "Stop after the first example that fails." }),
  differences: integer({
    flag: "differences",
    range: [0, 100_000],
    default: 5,
    doc: "Values that are shown of an answer that differs.",
  }),
  junit: text({
    flag: "junit",
    placeholder: "<file>",
    default: undefined,
    doc: "Write the results there too, as JUnit's XML, which CI systems read.",
  }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["table", "json"],
    default: "table",
    doc: "json: one object with all results.",
  }),
  ...REACH_OPTIONS,
  model: text({
    flag: "model",
    short: "m",
    placeholder: "<name>",
    default: undefined,
    doc: "The model to ask. Default: that of the example's folder, or the only one of the server.",
  }),
  ...RUN_OPTIONS,
} as const;

/** What `test` is called with. */
export type TestCall = VerbCall<typeof options, { readonly dir: { readonly doc: string } }>;

/** What `test` is told. */
export type TestOptions = TestCall["options"];

/** `kserve-ts test`: a project's examples over every protocol, their answers compared. */
export const test = defineVerb({
  name: "test",
  summary: "Replay a project's examples over every protocol, and compare the answers",
  description: [
    "Each examples/NAME.json is asked over V1, V2 in JSON, V2 with binary tensors and gRPC, converted by the model's signature. What comes has to be what NAME.expected.json says, and the same over each of them; where a request cannot be said in a protocol the reason is shown.",
    "By default it starts a server of the folder on free ports; --image, --url, and --target or --service test what runs elsewhere. The last options are those of kserve-ts serve, for the server that it starts.",
    "It ends with 0 when all pass and with 1 when any fails.",
  ],
  arguments: {
    dir: { default: ".", doc: "The project's folder, or the path of a predictor or model file in it." },
  },
  options,
  examples: [
    { says: "Test a project", command: "kserve-ts test examples/digits" },
    {
      says: "Ask only some examples, in two ways",
      command: "kserve-ts test examples/digits --filter 28x28 --protocol v1,grpc",
    },
    {
      says: "Let numbers differ by a thousandth, and leave a report for CI",
      command: "kserve-ts test examples/digits --tolerance 1e-3 --junit /tmp/kserve-ts-test.xml",
    },
    {
      says: "Test a server that runs",
      command: "kserve-ts test examples/digits --url http://localhost:8080 --grpc localhost:8081",
    },
    {
      says: "Test what is deployed",
      command: "kserve-ts test examples/digits --service digits -n models",
    },
  ],
  run: async (call) => (await import("../test/run-test.ts")).runTest(call),
});
