import { describeValue } from "../contract/describe.ts";
import { InvalidInput } from "../contract/errors.ts";

/** Where a server is: its base URL, taken apart. */
export interface Address {
  /** The base URL without a slash at its end. */
  readonly url: string;
  readonly secure: boolean;
  /** Host name or IP address; IPv6 without its brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The base URL's path, which goes in front of every request's; "" for none. */
  readonly prefix: string;
}

/**
 * Reads a base URL. Its path is kept, as a cluster may route by it.
 * @throws InvalidInput when it is no HTTP URL, or has what no base URL can have
 */
export function parseAddress(baseUrl: string | URL): Address {
  const url = URL.parse(String(baseUrl));
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    const expected = "a URL that starts with http:// or https://";
    throw new InvalidInput(`expected ${expected}, got ${describeValue(String(baseUrl))}`, {
      path: "baseUrl",
    });
  }
  if (url.username !== "" || url.password !== "") {
    const problem = "expected a URL without a user and password; give them as headers: { authorization }";
    throw new InvalidInput(problem, { path: "baseUrl" });
  }
  if (url.search !== "" || url.hash !== "") {
    throw new InvalidInput(`expected a URL without ? and #, got ${describeValue(url.href)}`, {
      path: "baseUrl",
    });
  }
  const secure = url.protocol === "https:";
  const prefix = url.pathname.replace(/\/+$/, "");
  return {
    url: url.origin + prefix,
    secure,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    prefix,
  };
}

/**
 * A name as one segment of a path.
 * @throws InvalidInput when it cannot be one: `.` and `..` mean other paths to the proxies in between
 */
export function pathSegment(name: string, path: string): string {
  if (name === "." || name === "..") throw notAName(name, path);
  return encodeURIComponent(checkName(name, path));
}

/** @throws InvalidInput when the value is no text that can be sent, or empty */
export function checkName(name: string, path: string): string {
  if (typeof name === "string" && name !== "" && name.isWellFormed()) return name;
  throw notAName(name, path);
}

function notAName(name: unknown, path: string): InvalidInput {
  const got = name === "" ? "an empty string" : describeValue(name);
  return new InvalidInput(`expected a name, got ${got}`, { path });
}

/** The V2 path of a model, or of one version of it. */
export function modelPath(name: string, version: string | undefined): string {
  const model = `/v2/models/${pathSegment(name, "name")}`;
  return version === undefined ? model : `${model}/versions/${pathSegment(version, "version")}`;
}
