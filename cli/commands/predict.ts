import { choice, integer, text, texts, toggle } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  input: text({
    flag: "input",
    short: "i",
    placeholder: "<file|->",
    default: undefined,
    doc: 'The request: a file of JSON, or - for stdin. A V1 body ({"instances": [...]}), a V2 body ({"inputs": [...]}), or a list alone, which is taken for V1\'s instances.',
  }),
  url: text({
    flag: "url",
    placeholder: "<url>",
    default: "http://localhost:8080",
    env: ["KSERVE_TS_URL"],
    doc: "The server. A path in it is kept, as a cluster may route by it.",
  }),
  model: text({
    flag: "model",
    short: "m",
    placeholder: "<name>",
    default: undefined,
    doc: "The model to ask. Default: the only one that the server lists.",
  }),
  protocol: choice({
    flag: "protocol",
    of: ["auto", "v1", "v2"],
    default: "auto",
    doc: "The protocol to ask by; auto goes by the body.",
  }),
  explain: toggle({
    flag: "explain",
    doc: "Ask for an explanation (V1's :explain) in place of a prediction.",
  }),
  hostHeader: text({
    flag: "host-header",
    placeholder: "<host>",
    default: undefined,
    doc: "The Host header, by which a cluster's ingress finds the model. Default: the URL's host.",
  }),
  header: texts({
    flag: "header",
    short: "H",
    placeholder: "<'Name: value'>",
    doc: "A header of the request, such as 'Authorization: Bearer ...'.",
  }),
  timeoutMs: integer({
    flag: "timeout-ms",
    range: [1, 2_147_483_647],
    default: 60_000,
    doc: "Milliseconds to wait for an answer.",
  }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["json", "table"],
    default: "json",
    doc: "json: the answer's body, laid out on a terminal and as it came when piped. table: its predictions or outputs in columns.",
  }),
} as const;

/** What `predict` is told. */
export type PredictOptions = ValuesOf<typeof options>;

/** `kserve-ts predict`: one request to a server that runs. */
export const predict = defineVerb({
  name: "predict",
  strayOption: "input",
  summary: "Ask a running server for a prediction",
  description: ["Works with any server of the V1 or V2 (Open Inference) protocol, local or in a cluster."],
  arguments: {},
  options,
  examples: [
    { says: "Ask with a file", command: "kserve-ts predict --input examples/digits/examples/seven.json" },
    {
      says: "Ask by V2 with stdin, and show a table",
      command: "kserve-ts predict --input - -o table < examples/digits/examples/v2-three.json",
    },
    {
      says: "Reach a model through a cluster's ingress",
      command:
        "kserve-ts predict -i examples/digits/examples/seven.json -m digits --host-header digits.default.example.com",
    },
  ],
  run: async (call) => (await import("../predict/run-predict.ts")).runPredict(call.options, call.terminal),
});
