import type { ServerOptions } from "./options.ts";
import { REMOTE_OPTIONS } from "./remote/option-table.ts";
import { LONGEST_TIMER_MS } from "./longest-timer.ts";

/** One row of the option table. */
export interface OptionSpec {
  readonly key: keyof ServerOptions;
  /** KServe's spelling; the same with `-` for `_` works too. */
  readonly flag: string;
  readonly type: "integer" | "boolean" | "string" | readonly string[];
  /** Undefined: decided when the server starts, as `doc` says. */
  readonly default: number | boolean | string | undefined;
  /** Smallest and largest integer allowed. */
  readonly range?: readonly [number, number];
  /** Other words for a choice, lower case: those of Python's logging. */
  readonly synonyms?: Readonly<Record<string, string>>;
  /** A further environment variable that sets it (KServe's own). */
  readonly alias?: string;
  /** One or two sentences for `--help`: meaning, unit, how to choose. */
  readonly doc: string;
}

const MIB = 1_048_576;

/**
 * The options of the server, in the order of `--help`: the command line, the environment, `--help` and the reference are
 * made from this table. Names and defaults are those of the KServe Python server where it has the option, so that our
 * image can stand in for a Python one.
 */
export const SERVER_OPTIONS: readonly OptionSpec[] = [
  {
    key: "httpPort",
    flag: "http_port",
    type: "integer",
    default: 8080,
    range: [0, 65_535],
    doc: "Port of the REST protocols; 0 takes a free one.",
  },
  {
    key: "grpcPort",
    flag: "grpc_port",
    type: "integer",
    default: undefined,
    range: [0, 65_535],
    doc: "Port of V2 over gRPC; 0 takes a free one. Default: 8081, or a free one with --http_port 0.",
  },
  {
    key: "enableGrpc",
    flag: "enable_grpc",
    type: "boolean",
    default: true,
    doc: "Serve gRPC beside REST.",
  },
  {
    key: "host",
    flag: "host",
    type: "string",
    default: "127.0.0.1",
    doc: "Address to listen on. Loopback keeps a laptop private; an image sets 0.0.0.0.",
  },
  {
    key: "modelName",
    flag: "model_name",
    type: "string",
    default: undefined,
    doc: "Name in the URLs. Default: the folder's name.",
  },
  {
    key: "modelDir",
    flag: "model_dir",
    type: "string",
    default: undefined,
    doc: "Folder of the model's files. Default: the served folder's model/, else the folder itself, else /mnt/models.",
  },
  {
    key: "workers",
    flag: "workers",
    type: "integer",
    default: 1,
    range: [1, 512],
    doc: "Worker threads, each with a copy of the model. More run more predicts at once and take more memory.",
  },
  {
    key: "sharedWorkers",
    flag: "shared_workers",
    type: "integer",
    default: undefined,
    range: [0, 512],
    doc: "Worker threads that the models of a repository share, each hosting several; 0: every model has workers of its own. Default: the granted CPUs where there are more models than CPUs, else 0.",
  },
  {
    key: "intraOpThreads",
    flag: "intra_op_threads",
    type: "integer",
    default: undefined,
    range: [1, 1024],
    doc: "Threads of the engine within one predict. Default: granted CPUs / workers, at least 1.",
  },
  {
    key: "onnxExecutionProviders",
    flag: "onnx_execution_providers",
    type: "string",
    default: undefined,
    doc: "What computes ONNX models, best first, with commas between: cpu, cuda, tensorrt, coreml, dml, webgpu, as the installed onnxruntime-node has them. Default: cpu.",
  },
  {
    key: "onnxGraphCacheDir",
    flag: "onnx_graph_cache_dir",
    type: "string",
    default: undefined,
    doc: "Folder that keeps the optimised graph of an ONNX model for the next start. Default: none is kept.",
  },
  {
    key: "requestTimeoutMs",
    flag: "request_timeout_ms",
    type: "integer",
    default: 300_000,
    range: [1, LONGEST_TIMER_MS],
    doc: "Milliseconds a request may take, queueing included, before it is answered with 504. A predictor's timeoutMs wins.",
  },
  {
    key: "maxQueueSize",
    flag: "max_queue_size",
    type: "integer",
    default: 1024,
    range: [0, 1_000_000],
    doc: "Requests that may wait for a worker; one more is answered with 429 and Retry-After.",
  },
  {
    key: "maxBodyBytes",
    flag: "max_body_bytes",
    type: "integer",
    default: 100 * MIB,
    range: [1, 2_000_000_000],
    doc: "Largest request body, before and after decompression; above it 413.",
  },
  {
    key: "grpcMaxReceiveBytes",
    flag: "grpc_max_receive_message_length",
    type: "integer",
    default: 8 * MIB,
    range: [1, 2_000_000_000],
    doc: "Largest gRPC message taken, in bytes, before and after decompression; above it RESOURCE_EXHAUSTED.",
  },
  {
    key: "grpcMaxSendBytes",
    flag: "grpc_max_send_message_length",
    type: "integer",
    default: 8 * MIB,
    range: [1, 2_000_000_000],
    doc: "Largest gRPC message sent, in bytes, before compression; an answer above it is RESOURCE_EXHAUSTED.",
  },
  {
    key: "maxHeaderBytes",
    flag: "max_header_bytes",
    type: "integer",
    default: 16_384,
    range: [1024, MIB],
    doc: "Largest set of request headers; above it 431.",
  },
  {
    key: "maxTensorBytes",
    flag: "max_tensor_bytes",
    type: "integer",
    default: 256 * MIB,
    range: [1, 2_000_000_000],
    doc: "Memory one tensor may take once decoded (JSON is shorter than its tensor); above it 413.",
  },
  {
    key: "timeoutKeepAlive",
    flag: "timeout_keep_alive",
    type: "integer",
    default: 65,
    range: [1, 86_400],
    doc: "Seconds an idle connection is kept; longer than a load balancer's own, which is often 60.",
  },
  {
    key: "drainDelayMs",
    flag: "drain_delay_ms",
    type: "integer",
    default: 0,
    range: [0, LONGEST_TIMER_MS],
    doc: "Milliseconds to go on serving after SIGTERM, not ready, while the cluster takes the pod out of rotation.",
  },
  {
    key: "gracePeriodMs",
    flag: "grace_period_ms",
    type: "integer",
    default: 30_000,
    range: [0, LONGEST_TIMER_MS],
    doc: "Milliseconds that requests in flight have to finish after the drain delay.",
  },
  {
    key: "nonFinite",
    flag: "non_finite",
    type: ["null", "error", "string"],
    default: "null",
    doc: "How NaN and infinities of an answer appear in JSON, which has no word for them: null as the KServe Python server does, an error (500), or the strings NaN, Infinity, -Infinity. Binary tensors carry them as they are.",
  },
  {
    key: "compressAboveBytes",
    flag: "compress_above_bytes",
    type: "integer",
    default: 16_384,
    range: [0, 2_000_000_000],
    doc: "Answers larger than this are compressed (br, gzip, deflate) for clients that ask for it with Accept-Encoding; 0 compresses none. Within a fast network compression costs more time than it saves.",
  },
  {
    key: "ceSource",
    flag: "ce_source",
    type: "string",
    default: undefined,
    alias: "CE_SOURCE",
    doc: "The source of CloudEvents answered. Default: io.kserve.inference. and the model's name.",
  },
  {
    key: "ceType",
    flag: "ce_type",
    type: "string",
    default: "io.kserve.inference.response",
    alias: "CE_TYPE",
    doc: "The type of CloudEvents answered.",
  },
  {
    key: "ceMerge",
    flag: "ce_merge",
    type: "boolean",
    default: false,
    alias: "CE_MERGE",
    doc: "Whether a CloudEvent answered keeps the request's other attributes: subject, dataschema, extensions.",
  },
  {
    key: "payloadLogUrl",
    flag: "payload_log_url",
    type: "string",
    default: undefined,
    doc: "URL that requests and answers are sent to as CloudEvents, as KServe's logger does. Default: none.",
  },
  {
    key: "payloadLogMode",
    flag: "payload_log_mode",
    type: ["all", "request", "response"],
    default: "all",
    doc: "What is sent to --payload_log_url: requests, answers with status 200, or both.",
  },
  ...REMOTE_OPTIONS,
  {
    key: "enableLatencyLogging",
    flag: "enable_latency_logging",
    type: "boolean",
    default: false,
    doc: "Log a line with the stage times of every request. The metrics have them in any case.",
  },
  {
    key: "playground",
    flag: "playground",
    type: "boolean",
    default: false,
    doc: "Show a browser that asks for / a page to try the model out, and /docs. It keeps the last requests in memory, so an image has it only where it is asked for.",
  },
  {
    key: "playgroundHosts",
    flag: "playground_hosts",
    type: "string",
    default: undefined,
    doc: "Further names that the playground may be opened by, with commas between, as a tunnel or a container needs. Default: localhost, 127.0.0.1, [::1] and --host.",
  },
  {
    key: "logLevel",
    flag: "log_level",
    type: ["debug", "info", "warn", "error", "silent"],
    default: "info",
    synonyms: { warning: "warn", critical: "error", fatal: "error" },
    alias: "KSERVE_LOGLEVEL",
    doc: "Least severe level that is logged.",
  },
  {
    key: "logFormat",
    flag: "log_format",
    type: ["auto", "text", "json"],
    default: "auto",
    doc: "auto: text on a terminal, JSON lines otherwise.",
  },
];

/** Flags of the KServe Python server that have no meaning here yet: accepted with a warning, so its manifests start. */
export const IGNORED_KSERVE_FLAGS: readonly string[] = [
  "max_threads",
  "max_asyncio_workers",
  "enable_docs_url",
  "configure_logging",
  "log_config_file",
  "access_log_format",
  "event_loop",
  "protocol",
  "nthread",
];
