import { choice, integer, text, texts } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  httpPort: integer({
    flag: "http-port",
    range: [0, 65_535],
    default: 8080,
    doc: "Port on loopback for V1, V2 and metrics; 0 takes a free one.",
  }),
  grpcPort: integer({
    flag: "grpc-port",
    range: [0, 65_535],
    default: 8081,
    doc: "Port on loopback for gRPC; 0 takes a free one.",
  }),
  modelDir: text({
    flag: "model-dir",
    placeholder: "<folder>",
    default: undefined,
    doc: "A folder to mount at /mnt/models, as a cluster does, for an image without its model.",
  }),
  memoryMib: integer({
    flag: "memory-mib",
    range: [64, 1_048_576],
    default: 1024,
    doc: "Mebibytes of memory that it may use, as a pod's limit.",
  }),
  env: texts({ flag: "env", short: "e", placeholder: "<name=value>", doc: "A variable of its environment." }),
  graceSeconds: integer({
    flag: "grace-seconds",
    range: [1, 3_600],
    default: 30,
    doc: "Seconds that it may take to stop before it is killed, as a pod's terminationGracePeriodSeconds.",
  }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["text", "json"],
    default: "text",
    doc: "json: one line on stdout once it is ready; the container's log goes to stderr.",
  }),
} as const;

/** What `run` is told. */
export type RunOptions = ValuesOf<typeof options>;

/** `kserve-ts run`: a built image as in a cluster, on this machine. */
export const run = defineVerb({
  name: "run",
  summary: "Run a built image here, under a cluster's constraints",
  description: [
    "It gets an arbitrary user, a read-only file system, no capabilities and limited memory, as PodSecurity's restricted profile asks for. What works here does not fail there for want of a writable folder or a known user.",
    "Ctrl-C stops it as a cluster does, and removes the container.",
  ],
  arguments: {
    image: { default: "", doc: "The image. Default: the one that kserve-ts built last." },
  },
  options,
  examples: [
    { says: "Run an image", command: "kserve-ts run registry.example.com/digits:1" },
    {
      says: "Run the one that was built last, on free ports",
      command: "kserve-ts run --http-port 0 --grpc-port 0",
    },
    {
      says: "Mount the model, as KServe does",
      command: "kserve-ts run registry.example.com/digits:1 --model-dir examples/digits/model",
    },
  ],
  run: async (call) =>
    (await import("../run/run-image.ts")).runImage(call.arguments.image, call.options, call.terminal),
});
