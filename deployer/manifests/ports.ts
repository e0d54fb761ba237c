/** Ports of our server: KServe sends REST to the first. */
export const HTTP_PORT = 8080;
export const GRPC_PORT = 8081;

/** Paths of our server that probes ask, and those of any server that speaks V2. */
export const READY_PATH = "/v2/health/ready";
export const LIVE_PATH = "/v2/health/live";

/** Where KServe puts the model into a container. */
export const MODEL_MOUNT = "/mnt/models";
