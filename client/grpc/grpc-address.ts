import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";

/** Where a server's gRPC port is. */
export interface GrpcAddress {
  /** As it is shown, such as `grpc://localhost:8081`. */
  readonly url: string;
  readonly secure: boolean;
  /** Host name or IP address; IPv6 without its brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** KServe's own port for gRPC. */
const PLAIN_PORT = 8081;
const SECURE_PORT = 443;

const EXPECTED = "host:port, grpc://host:port or grpcs://host:port";

/**
 * Reads an address: `host:port`, `grpc://host:port`, or `grpcs://host:port` for TLS. The port may be left out: then it
 * is 8081, and 443 with TLS.
 * @throws InvalidInput when it is none, or has more than that: gRPC has its paths for itself
 */
export function parseGrpcAddress(address: string | URL): GrpcAddress {
  const text = String(address);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase() ?? "grpc";
  // The parser knows hosts and ports of http alone, and leaves out its default port: 80 has to be told from none.
  const rest = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
  const url = scheme === "grpc" || scheme === "grpcs" ? URL.parse(`ftp://${rest}`) : null;
  if (url === null || url.hostname === "") throw refused(`expected ${EXPECTED}, got ${describeValue(text)}`);
  if (url.username !== "" || url.password !== "") {
    throw refused("expected an address without a user and password; give them as headers: { authorization }");
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw refused(`expected ${EXPECTED} and no path, got ${describeValue(text)}`);
  }
  const secure = scheme === "grpcs";
  const port = portOf(url, rest) ?? (secure ? SECURE_PORT : PLAIN_PORT);
  return {
    url: `${scheme}://${url.hostname}:${port}`,
    secure,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port,
  };
}

const FTP_PORT = 21;

/** The parser drops its scheme's own port, which is 21 here. */
function portOf(url: URL, rest: string): number | undefined {
  if (url.port !== "") return Number(url.port);
  return /:0*21\/?$/.test(rest) ? FTP_PORT : undefined;
}

function refused(problem: string): InvalidInput {
  return new InvalidInput(problem, { path: "address" });
}
