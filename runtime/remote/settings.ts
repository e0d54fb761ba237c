import { KtsError } from "../../contract/errors.ts";
import { parseAddress } from "../../client/address.ts";
import type { ServerOptions } from "../options.ts";
import { checkForwardedNames } from "./forwarded-headers.ts";

/** How a transformer asks its predictor: plain data that crosses a thread boundary. */
export interface RemoteSettings {
  /** The predictor's base URL, without a slash at its end. */
  readonly url: string;
  readonly protocol: "v1" | "v2" | "grpc-v2";
  /** Whether tensors go to it in binary form, where they go over REST. */
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
 * @throws KtsError KTS_USAGE when the address or a header's name cannot be one, or the protocol is not to be had
 */
export function remoteSettings(options: ServerOptions): RemoteSettings | undefined {
  const { predictorHost, predictorProtocol, predictorUseSsl } = options;
  if (predictorHost === undefined) return undefined;
  if (predictorProtocol === "grpc-v2") {
    throw new KtsError("KTS_USAGE", "--predictor_protocol is grpc-v2, which this version cannot ask by yet", {
      hint: "Use --predictor_protocol v2 with the predictor's HTTP port: the same tensors over REST.",
    });
  }
  return {
    url: predictorUrl(predictorHost, predictorUseSsl),
    protocol: predictorProtocol,
    binary: options.predictorTensors === "binary",
    timeoutMs: options.predictorRequestTimeoutSeconds * 1000,
    retries: options.predictorRequestRetries,
    headers: checkForwardedNames(options.predictorHeaders),
    healthCheck: options.enablePredictorHealthCheck,
  };
}

/** A whole URL is taken as well, as it is copied from elsewhere; its scheme then says whether there is TLS. */
function predictorUrl(host: string, useSsl: boolean): string {
  const text = host.includes("://") ? host : `${useSsl ? "https" : "http"}://${host}`;
  try {
    const { url, secure } = parseAddress(text);
    if (useSsl && !secure) throw new Error("its scheme contradicts --predictor_use_ssl");
    return url;
  } catch (error) {
    throw new KtsError(
      "KTS_USAGE",
      `--predictor_host is ${JSON.stringify(host)}, expected host, host:port or host:port/path`,
      { cause: error },
    );
  }
}
