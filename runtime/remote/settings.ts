import { KtsError } from "../../contract/errors.ts";
import { parseAddress } from "../../client/address.ts";
import { parseGrpcAddress } from "../../client/grpc/grpc-address.ts";
import type { ServerOptions } from "../options.ts";
import { checkForwardedNames } from "./forwarded-headers.ts";

/** How a transformer asks its predictor: plain data that crosses a thread boundary. */
export interface RemoteSettings {
  /** The predictor's base URL, without a slash at its end; over gRPC `grpc://host:port`, or `grpcs://` with TLS. */
  readonly url: string;
  readonly protocol: "v1" | "v2" | "grpc-v2";
  /** Whether tensors go to it in binary form; over gRPC in raw contents. */
  readonly binary: boolean;
  /** Milliseconds one request may take, with all that is tried again. */
  readonly timeoutMs: number;
  /** Further calls after one that cannot have begun there. */
  readonly retries: number;
  /** Names, in lower case, of the headers that are handed on beside those that always are. */
  readonly headers: readonly string[];
  /** Whether this server is ready only while the predictor is. */
  readonly healthCheck: boolean;
}

/**
 * The settings of transformer mode; undefined where the model is served here.
 * @throws KtsError KTS_USAGE when the address or a header's name cannot be one
 */
export function remoteSettings(options: ServerOptions): RemoteSettings | undefined {
  const { predictorHost, predictorProtocol, predictorUseSsl } = options;
  if (predictorHost === undefined) return undefined;
  return {
    url: predictorUrl(predictorHost, predictorProtocol, predictorUseSsl),
    protocol: predictorProtocol,
    binary: options.predictorTensors === "binary",
    timeoutMs: options.predictorRequestTimeoutSeconds * 1000,
    retries: options.predictorRequestRetries,
    headers: checkForwardedNames(options.predictorHeaders),
    healthCheck: options.enablePredictorHealthCheck,
  };
}

/** A whole URL is taken as well, as it is copied from elsewhere; its scheme then says whether there is TLS. */
function predictorUrl(host: string, protocol: RemoteSettings["protocol"], useSsl: boolean): string {
  const overGrpc = protocol === "grpc-v2";
  try {
    const { url, secure } = overGrpc ? grpcAddress(host, useSsl) : restAddress(host, useSsl);
    if (useSsl && !secure) throw new Error("its scheme contradicts --predictor_use_ssl");
    return url;
  } catch (error) {
    const expected = overGrpc
      ? "host or host:port, as gRPC has no paths"
      : "host, host:port or host:port/path";
    const problem = `--predictor_host is ${JSON.stringify(host)}, expected ${expected}`;
    throw new KtsError("KTS_USAGE", problem, { cause: error });
  }
}

function restAddress(host: string, useSsl: boolean) {
  return parseAddress(host.includes("://") ? host : `${useSsl ? "https" : "http"}://${host}`);
}

/** Without a port it is the one of a predictor's Service in a cluster, as it is for the KServe Python server. */
function grpcAddress(host: string, useSsl: boolean) {
  if (host.includes("://")) return parseGrpcAddress(host);
  const hasPort = /:\d+$/.test(host);
  return parseGrpcAddress(`${useSsl ? "grpcs" : "grpc"}://${host}${hasPort ? "" : useSsl ? ":443" : ":80"}`);
}
