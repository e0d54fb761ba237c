import { choice, integer, text, texts, toggle } from "../option-kinds.ts";
import { REQUEST_OPTIONS } from "../reach/request-options.ts";
import { type VerbCall, defineVerb } from "../verb.ts";

const options = {
  p99: integer({
    flag: "p99",
    range: [1, 3_600_000],
    default: undefined,
    doc: "The goal: milliseconds that 99 of 100 requests have to be answered within. Default: none; the knee is then where the p99 is five times that of a light load, or answers fall behind.",
  }),
  sweep: toggle({
    flag: "sweep",
    doc: "Try out workers and batch sizes too, with the server started anew for each, and say which setting takes the most. Takes some minutes.",
  }),
  rate: integer({
    flag: "rate",
    range: [1, 1_000_000],
    default: undefined,
    doc: "Measure this rate alone, in requests a second, in place of looking for the knee.",
  }),
  duration: integer({
    flag: "duration",
    range: [1, 3_600],
    default: 5,
    doc: "Seconds that each step is measured. With --quick 2, unless it is given.",
  }),
  warmup: integer({
    flag: "warmup",
    range: [0, 3_600],
    default: 1,
    doc: "Seconds of load before that, which are not measured.",
  }),
  quick: toggle({
    flag: "quick",
    doc: "Short steps, fewer of them, and the knee in one window in place of three: a first impression.",
  }),
  arrivals: choice({
    flag: "arrivals",
    of: ["poisson", "constant"],
    default: "poisson",
    doc: "How requests follow each other: poisson as those of many independent callers, constant evenly.",
  }),
  connections: integer({
    flag: "connections",
    range: [1, 10_000],
    default: 256,
    doc: "Requests under way at most. One that finds all connections busy waits, and the wait counts.",
  }),
  protocol: choice({
    flag: "protocol",
    of: ["auto", "v1", "v2", "v2-binary", "grpc"],
    default: "auto",
    doc: "How requests are sent; auto sends each in the protocol that it is written in, the others convert it by the model's signature.",
  }),
  url: text({
    flag: "url",
    placeholder: "<url>",
    default: undefined,
    doc: "Measure the server at this URL, in place of starting one; for gRPC host:port. Only a server of yours: this is a load test.",
  }),
  input: texts({
    flag: "input",
    short: "i",
    placeholder: "<file>",
    doc: "A request to send, a V1 or V2 body. Default: the folder's examples/*.json, else zeros of the signature.",
  }),
  model: text({
    flag: "model",
    short: "m",
    placeholder: "<name>",
    default: undefined,
    doc: "The model to ask. Default: the only one that the server lists.",
  }),
  hostHeader: REQUEST_OPTIONS.hostHeader,
  header: REQUEST_OPTIONS.header,
  timeoutMs: integer({
    flag: "timeout-ms",
    range: [1, 3_600_000],
    default: 10_000,
    doc: "Milliseconds from when a request is due until it is given up.",
  }),
  report: text({
    flag: "report",
    placeholder: "<file.html>",
    default: undefined,
    doc: "Write a report with the curves and every step: one file that needs nothing else.",
  }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["table", "json"],
    default: "table",
    doc: "table: for people, with the curve. json: every step and all that was found, for programs.",
  }),
} as const;

/** What `bench` is called with. */
export type BenchCall = VerbCall<typeof options, { dir: { default: string; doc: string } }>;

/** What `bench` is told. */
export type BenchOptions = BenchCall["options"];

/** `kserve-ts bench`: what a model's server can take. */
export const bench = defineVerb({
  name: "bench",
  strayOption: "input",
  summary: "Measure how much load a model takes, and at which latency",
  description: [
    "Starts the server of a folder in a process of its own and sends the folder's examples at rising rates, until answers come too late: the rate just below is the knee. Requests leave when they are due, however the server does, and latency counts from then.",
    "It says when it is the load generator or the machine that was measured rather than the server. Ctrl-C shows what was measured so far.",
    "Ends with 1 where there is a goal (--p99) that is missed: at --rate, else at any rate.",
  ],
  arguments: {
    dir: { default: ".", doc: "The folder to serve, or the path of a predictor or a model file." },
  },
  options,
  examples: [
    { says: "A first impression", command: "kserve-ts bench examples/digits --quick" },
    {
      says: "See whether it keeps a goal at a rate, as a check",
      command: "kserve-ts bench examples/digits --rate 20 --p99 5000 --duration 1",
    },
    {
      says: "Find the best setting for a goal, with a report",
      command: "kserve-ts bench examples/digits --sweep --p99 50 --report bench.html",
    },
    {
      says: "Measure a server that runs, over gRPC",
      command: "kserve-ts bench examples/digits --url localhost:8081 --protocol grpc --quick",
    },
  ],
  run: async (call) => (await import("../bench/run-bench.ts")).runBench(call),
});
