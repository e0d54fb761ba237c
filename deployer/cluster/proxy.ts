import { BlockList, isIP } from "node:net";
import { KtsError } from "../../contract/errors.ts";
import type { Environment } from "./kubeconfig.ts";
import type { ChosenContext } from "./pick-context.ts";

const KINDS: ReadonlySet<string> = new Set(["http:", "https:", "socks5:", "socks5h:"]);

/**
 * The proxy through which an API server is reached, as kubectl finds it: the `proxy-url` of the kubeconfig's cluster, else
 * HTTPS_PROXY (HTTP_PROXY for a server without TLS) unless NO_PROXY names the server. Undefined: none.
 * @throws KtsError KTS_CLUSTER_UNREACHABLE when it is no URL of a proxy
 */
export function proxyOf({ name, server, cluster }: ChosenContext, env: Environment): URL | undefined {
  const own = cluster["proxy-url"];
  if (typeof own === "string" && own !== "") {
    return proxyUrl(own, `the proxy-url of the cluster of the context ${name}`);
  }
  const url = new URL(server);
  const variable = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const value = env[variable] ?? env[variable.toLowerCase()] ?? "";
  if (value === "" || goesDirect(url, env.NO_PROXY ?? env["no_proxy"] ?? "")) return undefined;
  // A bare host:port is one of HTTP.
  return proxyUrl(/^[a-z0-9]+:\/\//i.test(value) ? value : `http://${value}`, variable);
}

/** A proxy's URL for messages: without its password. */
export function shownProxy({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

/** The value is not shown: it may hold a password. */
function proxyUrl(value: string, what: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && KINDS.has(url.protocol) && url.hostname !== "") return url;
  throw new KtsError("KTS_CLUSTER_UNREACHABLE", `${what} is no URL of a proxy.`, {
    hint: "Expected such as http://proxy.example.com:3128, https://... or socks5://localhost:1080.",
  });
}

/**
 * Whether NO_PROXY names a server: `*`, host names with all below them (`example.com`, `.example.com` without the name
 * itself), addresses and networks (`10.0.0.0/8`), each with a port if wanted. This machine is never asked for by proxy.
 */
function goesDirect(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = server.port === "" ? (server.protocol === "https:" ? "443" : "80") : server.port;
  if (host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))) return true;
  return noProxy
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && isNamedBy(entry, host, port));
}

function isNamedBy(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const [, name = "", wantedPort] =
    /^(\[[^\]]*\]|[^:]*|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*(?:\/\d+)?)(?::(\d+))?$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const wanted = name.replace(/^\[|\]$/g, "");
  const [network = "", bits] = wanted.split("/");
  if (isIP(network) !== 0) return isIP(host) !== 0 && isWithin(host, network, bits);
  // The end of an address is no domain.
  if (isIP(host) !== 0) return false;
  if (wanted.startsWith("*.")) return host.endsWith(wanted.slice(1));
  if (wanted.startsWith(".")) return host.endsWith(wanted);
  return wanted !== "" && (host === wanted || host.endsWith(`.${wanted}`));
}

function isWithin(host: string, network: string, bits: string | undefined): boolean {
  const family = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");
  const size = bits === undefined ? (isIP(network) === 6 ? 128 : 32) : Number(bits);
  const list = new BlockList();
  try {
    list.addSubnet(network, size, family(network));
  } catch {
    // No network has so many bits.
    return false;
  }
  return list.check(host, family(host));
}
