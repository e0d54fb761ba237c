import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { choice, text, toggle } from "../option-kinds.ts";
import { REQUEST_OPTIONS } from "../reach/request-options.ts";
import { type VerbCall, defineVerb } from "../verb.ts";

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
    doc: "The server. A path in it is kept, as a cluster may route by it. For gRPC host:port, by default localhost:8081.",
  }),
  service: text({
    flag: "service",
    placeholder: "<name>",
    default: undefined,
    doc: "Ask this InferenceService in a cluster in place of --url. Default, where --target or --via is given: the config file's.",
  }),
  via: choice({
    flag: "via",
    of: ["auto", "url", "ingress", "port-forward"],
    default: "auto",
    doc: "The way to a service: its own URL, the ingress at the target's baseUrl by the Host header, or a port-forward to a ready pod. auto takes the first that answers, the ingress before the URL; for gRPC a port-forward.",
  }),
  model: text({
    flag: "model",
    short: "m",
    placeholder: "<name>",
    default: undefined,
    doc: "The model to ask. Default: the service's, or the only one that the server lists.",
  }),
  protocol: choice({
    flag: "protocol",
    of: ["auto", "v1", "v2", "v2-binary", "grpc"],
    default: "auto",
    doc: "The protocol to ask by; auto goes by the body. v2-binary and grpc send a V2 body's tensors as bytes, and show the answer as V2's JSON.",
  }),
  explain: toggle({
    flag: "explain",
    doc: "Ask for an explanation (V1's :explain) in place of a prediction.",
  }),
  ...REQUEST_OPTIONS,
  output: choice({
    flag: "output",
    short: "o",
    of: ["json", "table"],
    default: "json",
    doc: "json: the answer's body, laid out on a terminal and as it came when piped. table: its predictions or outputs in columns.",
  }),
  ...TARGET_OPTIONS,
} as const;

/** What `predict` is called with. */
export type PredictCall = VerbCall<typeof options, Record<never, never>>;

/** What `predict` is told. */
export type PredictOptions = PredictCall["options"];

/** `kserve-ts predict`: one request to a server that runs. */
export const predict = defineVerb({
  name: "predict",
  strayOption: "input",
  summary: "Ask a running server for a prediction",
  description: [
    "Works with any server of the V1 or V2 (Open Inference) protocol, local or in a cluster.",
    "With --target or --service it finds the way to an InferenceService by itself; --verbose says which it took, and why no other.",
  ],
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
    {
      says: "Send the tensors as bytes",
      command: "kserve-ts predict -i examples/digits/examples/v2-three.json --protocol v2-binary",
    },
    {
      says: "Ask what is deployed to a target of the config file",
      command: "kserve-ts predict -i examples/digits/examples/seven.json --target staging",
    },
    {
      says: "Ask any service of a cluster over gRPC",
      command:
        "kserve-ts predict -i examples/digits/examples/v2-three.json --service digits -n models --protocol grpc",
    },
  ],
  run: async (call) => (await import("../predict/run-predict.ts")).runPredict(call),
});
