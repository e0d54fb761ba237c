import { SERVER_OPTIONS } from "./option-table.ts";

/** Every option of the server. What each means, and its default, is in `option-table.ts`. */
export interface ServerOptions {
  httpPort: number;
  /** Undefined: 8081, or a free one where httpPort is 0. */
  grpcPort: number | undefined;
  enableGrpc: boolean;
  host: string;
  modelName: string | undefined;
  modelDir: string | undefined;
  workers: number;
  sharedWorkers: number | undefined;
  intraOpThreads: number | undefined;
  onnxExecutionProviders: string | undefined;
  onnxGraphCacheDir: string | undefined;
  requestTimeoutMs: number;
  maxQueueSize: number;
  maxBodyBytes: number;
  grpcMaxReceiveBytes: number;
  grpcMaxSendBytes: number;
  maxHeaderBytes: number;
  maxTensorBytes: number;
  timeoutKeepAlive: number;
  drainDelayMs: number;
  gracePeriodMs: number;
  nonFinite: "null" | "error" | "string";
  compressAboveBytes: number;
  ceSource: string | undefined;
  ceType: string;
  ceMerge: boolean;
  payloadLogUrl: string | undefined;
  payloadLogMode: "all" | "request" | "response";
  predictorHost: string | undefined;
  predictorProtocol: "v1" | "v2" | "grpc-v2";
  predictorUseSsl: boolean;
  predictorRequestTimeoutSeconds: number;
  predictorRequestRetries: number;
  predictorTensors: "binary" | "json";
  predictorHeaders: string | undefined;
  enablePredictorHealthCheck: boolean;
  enableLatencyLogging: boolean;
  playground: boolean;
  playgroundHosts: string | undefined;
  logLevel: "debug" | "info" | "warn" | "error" | "silent";
  logFormat: "auto" | "text" | "json";
}

/** The defaults of every option. */
export function defaultServerOptions(): ServerOptions {
  return Object.fromEntries(
    SERVER_OPTIONS.map((spec) => [spec.key, spec.default]),
  ) as unknown as ServerOptions;
}

const KSERVE_GRPC_PORT = 8081;

/** The gRPC port of these options: KServe's, unless one is chosen, or any free port will do for REST. */
export function grpcPortOf({ grpcPort, httpPort }: Pick<ServerOptions, "grpcPort" | "httpPort">): number {
  return grpcPort ?? (httpPort === 0 ? 0 : KSERVE_GRPC_PORT);
}
