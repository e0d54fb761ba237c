import { KtsError } from "../../contract/errors.ts";

/** The name of an image, taken apart. */
export interface ImageReference {
  /** Host and port as credentials are kept under: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  /** Path within the registry: `library/node`. */
  readonly repository: string;
  /** `latest` where neither a tag nor a digest is given; undefined beside a digest without a tag. */
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const DOCKER_HUB = "docker.io";
const DOCKER_HUB_ALIASES: readonly string[] = ["index.docker.io", "registry-1.docker.io"];

const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const PATH_PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Takes an image's name apart by Docker's rules: without a registry it is Docker Hub's, without a tag `latest`.
 * @example parseReference("node:24") // docker.io, library/node, 24
 * @throws KtsError KTS_USAGE that says which part is wrong
 */
export function parseReference(text: string): ImageReference {
  const [name = "", digest, ...more] = text.split("@");
  if (more.length > 0) throw badReference(text, "it has more than one @");
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw badReference(text, "the digest after @ is sha256: and 64 hexadecimal digits");
  }
  const colon = name.lastIndexOf(":");
  const hasTag = colon > name.lastIndexOf("/");
  const tag = hasTag ? name.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) {
    throw badReference(text, `the tag ${JSON.stringify(tag)} has letters, digits, _ . - only, 128 at most`);
  }
  const { registry, path } = splitHost(hasTag ? name.slice(0, colon) : name);
  if (!HOST.test(registry)) throw badReference(text, `${JSON.stringify(registry)} is no host name`);
  const repository = registry === DOCKER_HUB && !path.includes("/") ? `library/${path}` : path;
  for (const part of repository.split("/")) {
    if (PATH_PART.test(part)) continue;
    const why = part === "" ? "a part of its path is empty" : `${JSON.stringify(part)} is no part of a path`;
    throw badReference(text, `${why}: lower-case letters and digits, with single . _ or - between`);
  }
  if (repository.length > 255) throw badReference(text, "its path is longer than 255 characters");
  return { registry, repository, tag: tag ?? (digest === undefined ? "latest" : undefined), digest };
}

/** The first part is a registry where it looks like a host: it has a dot or a port, or is localhost. */
function splitHost(name: string): { registry: string; path: string } {
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  if (!/[.:[]/.test(first) && first !== "localhost" && first === first.toLowerCase()) {
    return { registry: DOCKER_HUB, path: name };
  }
  const registry = DOCKER_HUB_ALIASES.includes(first) ? DOCKER_HUB : first;
  return { registry, path: name.slice(slash + 1) };
}

/** The whole name, with everything that a short one leaves out: `docker.io/library/node:24`. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  const at = digest === undefined ? "" : `@${digest}`;
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${at}`;
}

/** The name as a manifest pins it: without the tag, with the digest. */
export function pinnedReference({ registry, repository }: ImageReference, digest: string): string {
  return formatReference({ registry, repository, tag: undefined, digest });
}

/** What a registry is asked for: the digest where there is one, as a tag may point elsewhere by now. */
export function manifestName({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? "latest";
}

/** The host that answers for a registry. */
export function apiHost(registry: string): string {
  return registry === DOCKER_HUB ? "registry-1.docker.io" : registry;
}

/** Whether a registry is on this machine; it is then spoken to without TLS, as Docker does. */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, "");
  return (
    host === "localhost" || host.endsWith(".localhost") || /^127(\.\d+){3}$/.test(host) || host === "[::1]"
  );
}

function badReference(text: string, why: string): KtsError {
  return new KtsError("KTS_USAGE", `${JSON.stringify(text)} is no name of an image: ${why}`, {
    hint: "A name looks like digits, ghcr.io/me/digits:1 or localhost:5000/digits:1.",
  });
}
