import { LONGEST_TIMER_MS } from "../longest-timer.ts";
import type { OptionSpec } from "../option-table.ts";

/** The options of transformer mode, a part of the server's table. */
export const REMOTE_OPTIONS: readonly OptionSpec[] = [
  {
    key: "predictorHost",
    flag: "predictor_host",
    type: "string",
    default: undefined,
    doc: "Transformer mode: the predictor to ask, as host, host:port or host:port/path. Default: the model is served here.",
  },
  {
    key: "predictorProtocol",
    flag: "predictor_protocol",
    type: ["v1", "v2", "grpc-v2"],
    default: "v1",
    doc: "Protocol by which the predictor is asked: V1, V2 over REST, or V2 over gRPC, then at port 80 (443 over TLS) unless --predictor_host has another.",
  },
  {
    key: "predictorUseSsl",
    flag: "predictor_use_ssl",
    type: "boolean",
    default: false,
    doc: "Ask the predictor over TLS. NODE_EXTRA_CA_CERTS names a file with further certificates to trust.",
  },
  {
    key: "predictorRequestTimeoutSeconds",
    flag: "predictor_request_timeout_seconds",
    type: "integer",
    default: 600,
    range: [1, Math.floor(LONGEST_TIMER_MS / 1000)],
    doc: "Seconds the predictor may take, retries included, before the request is answered with 504. The request's own deadline ends the call too.",
  },
  {
    key: "predictorRequestRetries",
    flag: "predictor_request_retries",
    type: "integer",
    default: 0,
    range: [0, 100],
    doc: "Times to ask the predictor again where there was no connection, or after 503, which may follow a request that ran. Waits 0.1 s, then twice as long each time up to 1 s.",
  },
  {
    key: "predictorTensors",
    flag: "predictor_tensors",
    type: ["binary", "json"],
    default: "binary",
    doc: "Form of the tensors that go to a predictor by v2: json for servers without the binary extension, such as MLServer; by grpc-v2 raw or typed contents.",
  },
  {
    key: "predictorHeaders",
    flag: "predictor_headers",
    type: "string",
    default: undefined,
    doc: "Further request headers to hand on to the predictor, names separated by commas. Always: x-request-id, traceparent, tracestate, b3, x-b3-* and authorization.",
  },
  {
    key: "enablePredictorHealthCheck",
    flag: "enable_predictor_health_check",
    type: "boolean",
    default: false,
    doc: "Be ready only while the predictor says that its model is, asked at most once a second.",
  },
];
