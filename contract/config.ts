/*
 * The settings file of a project: `kserve.config.ts`, `.mts`, `.js`, `.mjs`, `.json`, `.yaml` or `.yml` in the served
 * folder. The server's sections are read by hand-written checks, so that serving a model needs no schema library.
 */

import type { DeployConfig, GraphConfig, TargetConfig } from "./deploy-config.ts";
import type { OnnxSettings } from "./engine-settings.ts";
import type { BatchingOptions } from "./predictor.ts";

/**
 * Which of a model's versions (folders named by a number) are served: the highest, all, or those named. A request
 * that names none gets the highest that is ready. Default `latest`.
 */
export type VersionsSetting = "latest" | "all" | readonly number[];

/** How one model is run. */
export interface ModelConfig {
  readonly versions?: VersionsSetting;
  /**
   * Worker threads of the model's own, each with a copy of it. More run more predicts at once and take more memory.
   * Setting it keeps the model out of the workers that the models of a repository share. Default: `server.workers`.
   */
  readonly workers?: number;
  /** Threads of the engine within one predict. Default: `server.intraOpThreads`. */
  readonly intraOpThreads?: number;
  /** Requests that may wait for a worker; one more is answered with 429. Default: `server.maxQueueSize`. */
  readonly maxQueueSize?: number;
  /**
   * Milliseconds a request may take, queueing included, before it is answered with 504. Outranks the predictor's own
   * `timeoutMs`, which outranks `server.requestTimeoutMs`.
   */
  readonly timeoutMs?: number;
  /** Whether requests may share a run. Outranks the predictor's own `batching`, which says more. */
  readonly batching?: boolean | BatchingOptions;
  /** How an ONNX model is run, member by member over what the server's options say. */
  readonly onnx?: OnnxSettings;
}

/** How the server runs: each member is the option of `kserve-ts serve` of that name, where `--help` says more. */
export interface ServerConfig {
  /** Port of the REST protocols; 0 takes a free one. Default 8080. */
  readonly httpPort?: number;
  /** Port of V2 over gRPC; 0 takes a free one. Default 8081, or a free one where `httpPort` is 0. */
  readonly grpcPort?: number;
  /** Serve gRPC beside REST. Default true. */
  readonly enableGrpc?: boolean;
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** Name of the model in the URLs, where the folder holds one model. Default: the folder's name. */
  readonly modelName?: string;
  /** Folder of the model's files, relative to this file. */
  readonly modelDir?: string;
  /** Worker threads of a model. Default 1. */
  readonly workers?: number;
  /** Worker threads that the models of a repository share; 0: none. Default: the CPUs where there are more models. */
  readonly sharedWorkers?: number;
  /** Threads of the engine within one predict. Default: granted CPUs / workers. */
  readonly intraOpThreads?: number;
  /** What computes ONNX models, best first, separated by commas. Default `cpu`. */
  readonly onnxExecutionProviders?: string;
  /** Folder that keeps optimised ONNX graphs for the next start. Default: none is kept. */
  readonly onnxGraphCacheDir?: string;
  /** Milliseconds a request may take. Default 300 000. */
  readonly requestTimeoutMs?: number;
  /** Requests that may wait for a worker. Default 1024. */
  readonly maxQueueSize?: number;
  /** Largest request body in bytes. Default 100 MiB. */
  readonly maxBodyBytes?: number;
  /** Largest gRPC message that is taken, in bytes. Default 8 MiB. */
  readonly grpcMaxReceiveBytes?: number;
  /** Largest gRPC message that is sent, in bytes. Default 8 MiB. */
  readonly grpcMaxSendBytes?: number;
  /** Largest set of request headers in bytes. Default 16 KiB. */
  readonly maxHeaderBytes?: number;
  /** Memory in bytes that one tensor may take once decoded. Default 256 MiB. */
  readonly maxTensorBytes?: number;
  /** Seconds an idle connection is kept. Default 65. */
  readonly timeoutKeepAlive?: number;
  /** Milliseconds to go on serving after SIGTERM, not ready. Default 0. */
  readonly drainDelayMs?: number;
  /** Milliseconds that requests in flight have to finish after the drain delay. Default 30 000. */
  readonly gracePeriodMs?: number;
  /** Answers larger than this, in bytes, are compressed for clients that ask for it; 0: none. Default 16 KiB. */
  readonly compressAboveBytes?: number;
  /** The source of CloudEvents answered. Default: `io.kserve.inference.` and the model's name. */
  readonly ceSource?: string;
  /** The type of CloudEvents answered. Default `io.kserve.inference.response`. */
  readonly ceType?: string;
  /** Whether a CloudEvent answered keeps the request's other attributes. Default false. */
  readonly ceMerge?: boolean;
  /** URL that requests and answers are sent to, as KServe's logger does. Default: none. */
  readonly payloadLogUrl?: string;
  /** What is sent there. Default `all`. */
  readonly payloadLogMode?: "all" | "request" | "response";
  /** Transformer mode: the predictor to ask, as host, host:port or host:port/path. Default: the model is served here. */
  readonly predictorHost?: string;
  /** Protocol by which the predictor is asked. Default `v1`. */
  readonly predictorProtocol?: "v1" | "v2" | "grpc-v2";
  /** Ask the predictor over TLS. Default false. */
  readonly predictorUseSsl?: boolean;
  /** Seconds the predictor may take, retries included. Default 600. */
  readonly predictorRequestTimeoutSeconds?: number;
  /** Times to ask the predictor again where it cannot have begun. Default 0. */
  readonly predictorRequestRetries?: number;
  /** Form of the tensors that go to a predictor by `v2`. Default `binary`. */
  readonly predictorTensors?: "binary" | "json";
  /** Further request headers to hand on to the predictor, names separated by commas. Default: none. */
  readonly predictorHeaders?: string;
  /** Be ready only while the predictor says that its model is. Default false. */
  readonly enablePredictorHealthCheck?: boolean;
  /** How NaN and infinities appear in JSON. Default `null`. */
  readonly nonFinite?: "null" | "error" | "string";
  /** Log a line with the stage times of every request. Default false. */
  readonly enableLatencyLogging?: boolean;
  /** Least severe level that is logged. Default `info`. */
  /** Show a browser a page to try the model out. Default: true for `kserve-ts serve`, else false. */
  readonly playground?: boolean;
  /** Further names that the playground may be opened by, with commas between. Default: none. */
  readonly playgroundHosts?: string;
  readonly logLevel?: "debug" | "info" | "warn" | "error" | "silent";
  /** `auto`: text on a terminal, JSON lines otherwise. Default `auto`. */
  readonly logFormat?: "auto" | "text" | "json";
}

/** How `kserve-ts test` tests a project. */
export interface TestConfig {
  /**
   * Folder of a predictor, relative to this file, that stands in for the remote one of a transformer: it is served beside
   * the project under the project's name, and takes the place of `server.predictorHost`. Default: that host is asked.
   */
  readonly predictor?: string;
}

/** What `kserve.config.*` says. */
export interface KserveConfig {
  /** Options of the server. An environment variable outranks them, and a flag both. */
  readonly server?: ServerConfig;
  /** The model of this folder; in a repository's root the defaults of every model in it. */
  readonly model?: ModelConfig;
  /** Models of a repository by name. Outranks a model folder's own file. */
  readonly models?: Readonly<Record<string, ModelConfig>>;
  readonly test?: TestConfig;
  /** What `kserve-ts deploy` deploys. Its own `model` is an artifact; the one above is how a server runs it. */
  readonly deploy?: DeployConfig;
  /** Places to deploy to, by name. */
  readonly targets?: Readonly<Record<string, TargetConfig>>;
  /** Graphs of InferenceServices, by name; `kserve-ts deploy` applies them after the folder's own. */
  readonly graphs?: Readonly<Record<string, GraphConfig>>;
}

/**
 * Declares a project's settings, for the sake of their types.
 *
 * @example
 * export default defineConfig({
 *   server: { maxQueueSize: 200 },
 *   models: { digits: { workers: 4, versions: "all" } },
 * });
 */
export function defineConfig(config: KserveConfig): KserveConfig {
  return config;
}
