import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { ServerOptions } from "../options.ts";

/** Names of this machine that no other can claim. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
/** Addresses to listen on that are none to call. */
const EVERYWHERE = ["0.0.0.0", "::", ""];

/**
 * Decides who may see the playground. A page of the web cannot read what a server of this machine says, unless the
 * server lets it in: it may point a name of its own to 127.0.0.1 (DNS rebinding), which the Host header gives away, or
 * ask across origins, which browsers tell of.
 */
export class Guard {
  readonly #hosts: ReadonlySet<string>;

  constructor({ host, playgroundHosts }: Pick<ServerOptions, "host" | "playgroundHosts">) {
    const bound = EVERYWHERE.includes(host) ? [] : [isIP(host) === 6 ? `[${host}]` : host];
    const further = (playgroundHosts ?? "").split(",").map((name) => name.trim());
    const hosts = [...LOOPBACK, ...bound, ...further.filter((name) => name !== "")];
    this.#hosts = new Set(hosts.map((name) => name.toLowerCase()));
  }

  /**
   * Why a request is refused; undefined where it may have its answer.
   * @param isPage of what a link may lead to; anything else is only for the page itself
   */
  refusal(headers: IncomingHttpHeaders, isPage: boolean): string | undefined {
    const { host, origin } = headers;
    const name = host === undefined ? undefined : nameOf(host);
    if (name === undefined || !this.#hosts.has(name)) {
      return (
        `The playground does not answer for the host ${JSON.stringify(host ?? "")}: a foreign page may have pointed ` +
        `that name here. Open it by localhost, or start the server with --playground_hosts ${name ?? "<name>"}.`
      );
    }
    if (origin !== undefined && !isOrigin(origin, host as string)) {
      return `The playground does not answer ${JSON.stringify(origin)}: it is for its own page only.`;
    }
    const site = headers["sec-fetch-site"];
    const mayCome = site === undefined || site === "same-origin" || site === "none";
    if (mayCome || (isPage && site === "same-site")) return undefined;
    return "The playground does not open from another site's page: type its address, or paste it.";
  }
}

/** The name or address of a Host header, without its port; undefined for what is none. */
function nameOf(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d+)?$/i.exec(host)?.[1]?.toLowerCase();
}

function isOrigin(origin: string, host: string): boolean {
  const wanted = host.toLowerCase();
  return origin.toLowerCase() === `http://${wanted}` || origin.toLowerCase() === `https://${wanted}`;
}
