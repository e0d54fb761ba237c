import { TARGET_OPTIONS } from "../deploy/target-options.ts";
import { choice, text } from "../option-kinds.ts";
import { REQUEST_OPTIONS } from "./request-options.ts";
import { serverOptions } from "../serve/server-options.ts";
import type { ValuesOf, VerbCall } from "../verb.ts";

const server = serverOptions();

/** The options of a verb that asks a server: one of a folder's sources, of an image, at a URL, or in a cluster. */
export const REACH_OPTIONS = {
  image: text({
    flag: "image",
    placeholder: "<ref>",
    default: undefined,
    doc: "Take this image, run as kserve-ts run does, in place of the folder's sources.",
  }),
  url: text({
    flag: "url",
    placeholder: "<url>",
    default: undefined,
    doc: "Take the server at this URL, in place of one of the folder's sources.",
  }),
  grpc: text({
    flag: "grpc",
    placeholder: "<host:port>",
    default: undefined,
    doc: "Where the server of --url is asked over gRPC. Default: not at all.",
  }),
  service: text({
    flag: "service",
    placeholder: "<name>",
    default: undefined,
    doc: "Take this InferenceService of a cluster. Default, where --target or --via is given: the config file's.",
  }),
  via: choice({
    flag: "via",
    of: ["auto", "url", "ingress", "port-forward"],
    default: "auto",
    doc: "The way to a service, as of kserve-ts predict.",
  }),
  ...REQUEST_OPTIONS,
  ...TARGET_OPTIONS,
} as const;

/** What `serve` can be told of how a model is run, for a server of the folder's sources, or of an image. */
export const RUN_OPTIONS = {
  modelName: server.modelName,
  modelDir: server.modelDir,
  workers: server.workers,
  sharedWorkers: server.sharedWorkers,
  intraOpThreads: server.intraOpThreads,
  onnxExecutionProviders: server.onnxExecutionProviders,
  requestTimeoutMs: server.requestTimeoutMs,
  maxBodyBytes: server.maxBodyBytes,
  maxTensorBytes: server.maxTensorBytes,
  grpcMaxReceiveBytes: server.grpcMaxReceiveBytes,
  grpcMaxSendBytes: server.grpcMaxSendBytes,
  nonFinite: server.nonFinite,
  predictorHost: server.predictorHost,
  predictorProtocol: server.predictorProtocol,
  predictorUseSsl: server.predictorUseSsl,
  predictorRequestTimeoutSeconds: server.predictorRequestTimeoutSeconds,
  predictorRequestRetries: server.predictorRequestRetries,
  predictorTensors: server.predictorTensors,
  predictorHeaders: server.predictorHeaders,
} as const;

/** What of a verb's call says which server is meant. */
export interface ReachCall extends Pick<VerbCall, "env" | "terminal" | "isVerbose"> {
  readonly arguments: { readonly dir: string };
  readonly options: ValuesOf<typeof REACH_OPTIONS> &
    Partial<ValuesOf<typeof RUN_OPTIONS>> & { readonly model: string | undefined };
  /** Keys of the options that were given. */
  readonly given: { has(key: string): boolean };
}
