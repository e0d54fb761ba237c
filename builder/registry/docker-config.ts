import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { askCredentialHelper } from "./credential-helper.ts";
import type { CredentialsFor, RegistryCredentials } from "./credentials.ts";

/** What of Docker's configuration file is read. */
interface DockerConfig {
  readonly auths?: Readonly<Record<string, StoredAuth>>;
  /** The helper for every registry: `docker-credential-<credsStore>`. */
  readonly credsStore?: string;
  /** Helpers for single registries. */
  readonly credHelpers?: Readonly<Record<string, string>>;
}

interface StoredAuth {
  /** base64 of `user:password`. */
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

/** Variables that are read: DOCKER_CONFIG, DOCKER_AUTH_CONFIG; PATH finds the helpers, which get them all. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What Docker keeps Docker Hub's credentials under, older than the name docker.io. */
const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

/**
 * Finds credentials where `docker login` keeps them: in DOCKER_AUTH_CONFIG (the file's contents, as CI systems set
 * it), else in `$DOCKER_CONFIG/config.json` (default: `~/.docker`): the registry's own helper, the helper for all,
 * then what stands in the file. Nothing is kept: every call reads anew.
 * @throws KtsError (from the function returned) KTS_CONFIG_INVALID when the file is no configuration;
 * KTS_REGISTRY_DENIED when a helper is missing or fails
 */
export function dockerConfigCredentials(env: Environment): CredentialsFor {
  return async (registry, signal) => {
    const config = await readConfig(env);
    const helper = entryFor(config.credHelpers, registry) ?? config.credsStore;
    if (helper !== undefined && helper !== "") {
      const found = await askCredentialHelper(helper, serverName(registry), env, signal);
      if (found !== undefined) return found;
    }
    const stored = entryFor(config.auths, registry);
    return stored === undefined ? undefined : fromStored(stored, registry);
  };
}

async function readConfig(env: Environment): Promise<DockerConfig> {
  const inline = env["DOCKER_AUTH_CONFIG"];
  if (inline !== undefined && inline !== "") return parseConfig(inline, "DOCKER_AUTH_CONFIG");
  const path = join(dockerConfigFolder(env), "config.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new KtsError("KTS_CONFIG_INVALID", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return parseConfig(text, path);
}

/** Where Docker keeps its configuration: `DOCKER_CONFIG`, else `~/.docker`. */
export function dockerConfigFolder(env: Environment): string {
  const folder = env["DOCKER_CONFIG"];
  return folder !== undefined && folder !== "" ? folder : join(env["HOME"] ?? homedir(), ".docker");
}

/** The text holds secrets, so a message never quotes it. */
function parseConfig(text: string, source: string): DockerConfig {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw new KtsError("KTS_CONFIG_INVALID", `${source} is no JSON`);
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new KtsError("KTS_CONFIG_INVALID", `${source} is no JSON object`);
  }
  return config;
}

/** The entry for a registry, however its key spells it: with a scheme, with a path. */
function entryFor<Value>(
  entries: Readonly<Record<string, Value>> | undefined,
  registry: string,
): Value | undefined {
  if (entries === undefined) return undefined;
  if (Object.hasOwn(entries, registry)) return entries[registry];
  const key = Object.keys(entries).find((candidate) => hostOf(candidate) === registry);
  return key === undefined ? undefined : entries[key];
}

function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
}

function serverName(registry: string): string {
  return registry === "docker.io" ? DOCKER_HUB_KEY : registry;
}

function fromStored(stored: StoredAuth, registry: string): RegistryCredentials | undefined {
  const { identitytoken, username, password, auth } = stored;
  if (identitytoken !== undefined && identitytoken !== "") {
    return { kind: "identity-token", token: identitytoken };
  }
  if (auth !== undefined && auth !== "") {
    const text = Buffer.from(auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) {
      throw new KtsError("KTS_CONFIG_INVALID", "expected base64 of user:password", {
        path: `auths[${JSON.stringify(registry)}].auth`,
        hint: "Log in again with docker login.",
      });
    }
    // Docker pads short passwords with zero bytes.
    return {
      kind: "password",
      username: text.slice(0, colon),
      password: text.slice(colon + 1).replace(/\0+$/, ""),
    };
  }
  if (username === undefined || username === "" || password === undefined) return undefined;
  return { kind: "password", username, password };
}
