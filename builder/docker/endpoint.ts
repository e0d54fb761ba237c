import type { DockerOptions } from "dockerode";
import { createHash } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { dockerConfigFolder } from "../registry/docker-config.ts";

/** Where an engine listens. */
export interface EngineEndpoint {
  /** `unix:///var/run/docker.sock`, `tcp://host:2376` */
  readonly url: string;
  /** Who named it, for messages: `DOCKER_HOST`, `the context desktop-linux`, `the default socket`. */
  readonly source: string;
  /** As dockerode takes it. */
  readonly options: DockerOptions;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_SOCKET = "/var/run/docker.sock";
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Finds the engine as the docker command does: DOCKER_HOST; else the context of DOCKER_CONTEXT or of Docker's
 * configuration; else the usual socket, a rootless engine's, or Docker Desktop's.
 * @throws KtsError KTS_CONFIG_INVALID when what names it cannot be understood
 */
export async function findEndpoint(env: Environment): Promise<EngineEndpoint> {
  const host = env["DOCKER_HOST"];
  if (host !== undefined && host !== "") {
    const folder = env["DOCKER_CERT_PATH"];
    const isTls = (env["DOCKER_TLS_VERIFY"] ?? "") !== "";
    return endpointAt(host, "DOCKER_HOST", isTls ? (folder ?? dockerConfigFolder(env)) : undefined);
  }
  const context = env["DOCKER_CONTEXT"] || (await currentContext(env));
  if (context !== undefined && context !== "" && context !== "default") return contextEndpoint(context, env);
  return endpointAt(`unix://${await firstSocket(env)}`, "the default socket", undefined);
}

async function firstSocket(env: Environment): Promise<string> {
  const home = env["HOME"] ?? homedir();
  const runtimeFolder = env["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.() ?? 0}`;
  const others = [
    join(runtimeFolder, "docker.sock"),
    join(home, ".docker/run/docker.sock"),
    join(home, ".docker/desktop/docker.sock"),
  ];
  for (const path of [DEFAULT_SOCKET, ...others]) {
    if (await exists(path)) return path;
  }
  return DEFAULT_SOCKET;
}

async function currentContext(env: Environment): Promise<string | undefined> {
  const config = await readJson<{ currentContext?: string }>(join(dockerConfigFolder(env), "config.json"));
  return config?.currentContext;
}

/** A context's folder is named by the hash of its name. */
async function contextEndpoint(name: string, env: Environment): Promise<EngineEndpoint> {
  const id = createHash("sha256").update(name).digest("hex");
  const contexts = join(dockerConfigFolder(env), "contexts");
  const meta = await readJson<{ Endpoints?: { docker?: { Host?: string } } }>(
    join(contexts, "meta", id, "meta.json"),
  );
  const host = meta?.Endpoints?.docker?.Host;
  if (host === undefined) {
    throw new KtsError("KTS_CONFIG_INVALID", `Docker has no context ${JSON.stringify(name)}`, {
      hint: "docker context ls lists them; DOCKER_HOST names an engine without one.",
    });
  }
  const certificates = join(contexts, "tls", id, "docker");
  return endpointAt(host, `the context ${name}`, (await exists(certificates)) ? certificates : undefined);
}

/** @param certificates folder of ca.pem, cert.pem and key.pem; undefined: no TLS */
async function endpointAt(
  url: string,
  source: string,
  certificates: string | undefined,
): Promise<EngineEndpoint> {
  const socket = /^(?:unix|npipe):\/\/(.*)$/.exec(url)?.[1];
  if (socket !== undefined) return { url, source, options: { socketPath: socket || DEFAULT_SOCKET } };
  let parsed: URL;
  try {
    parsed = new URL(url.includes("://") ? url : `tcp://${url}`);
  } catch (error) {
    throw badHost(url, source, error);
  }
  const { protocol, hostname, port, username } = parsed;
  if (protocol === "ssh:") {
    const agent = process.env["SSH_AUTH_SOCK"];
    const options: DockerOptions = { protocol: "ssh", host: hostname, port: port || 22, username };
    return { url, source, options: { ...options, ...(agent !== undefined && { sshAuthAgent: agent }) } };
  }
  if (!["tcp:", "http:", "https:"].includes(protocol) || hostname === "") throw badHost(url, source);
  const isTls = certificates !== undefined || protocol === "https:";
  const options: DockerOptions = {
    protocol: isTls ? "https" : "http",
    host: hostname,
    port: port === "" ? (isTls ? TLS_PORT : PLAIN_PORT) : Number(port),
  };
  if (certificates === undefined) return { url, source, options };
  return { url, source, options: { ...options, ...(await readCertificates(certificates)) } };
}

async function readCertificates(folder: string): Promise<Pick<DockerOptions, "ca" | "cert" | "key">> {
  try {
    const [ca, cert, key] = await Promise.all(
      ["ca.pem", "cert.pem", "key.pem"].map((name) => readFile(join(folder, name), "utf8")),
    );
    return { ca, cert, key };
  } catch (error) {
    throw new KtsError(
      "KTS_CONFIG_INVALID",
      `the engine's certificates cannot be read: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function badHost(url: string, source: string, cause?: unknown): KtsError {
  return new KtsError("KTS_CONFIG_INVALID", `${source} is ${JSON.stringify(url)}, which names no engine`, {
    cause,
    hint: "Such as unix:///var/run/docker.sock or tcp://127.0.0.1:2375.",
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Undefined when there is no such file, or it is no JSON: the reader of credentials complains about that. */
async function readJson<Value>(path: string): Promise<Value | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Value;
  } catch {
    return undefined;
  }
}
