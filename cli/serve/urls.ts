import type { RunningServer } from "../../runtime/running-server.ts";

/** Where a server can be asked, as seen from its own machine. */
export interface ServerUrls {
  readonly v1: string;
  readonly v2: string;
  /** `host:port`, as gRPC's clients take it; undefined where it is not served. */
  readonly grpc: string | undefined;
  readonly metrics: string;
  readonly openApi: string;
  /** Where a browser finds the playground, if it is on. */
  readonly playground: string;
  /** It listens on all interfaces; the URLs name loopback, since such an address is none to call. */
  readonly listensEverywhere: boolean;
}

/** The URLs of a server and its model. */
export function serverUrls(
  server: Pick<RunningServer, "url" | "host" | "port" | "grpcPort" | "model">,
): ServerUrls {
  const listensEverywhere = ["0.0.0.0", "::", ""].includes(server.host);
  const base = listensEverywhere ? `http://127.0.0.1:${server.port}` : server.url;
  const { hostname } = new URL(base);
  const name = encodeURIComponent(server.model.name);
  return {
    v1: `${base}/v1/models/${name}:predict`,
    v2: `${base}/v2/models/${name}/infer`,
    grpc: server.grpcPort === undefined ? undefined : `${hostname}:${server.grpcPort}`,
    metrics: `${base}/metrics`,
    openApi: `${base}/openapi.json`,
    playground: `${base}/`,
    listensEverywhere,
  };
}
