import type Docker from "dockerode";
import { KtsError } from "../../contract/errors.ts";
import { type EngineEndpoint, findEndpoint } from "./endpoint.ts";
import { codeOf, messageOfEngine } from "./engine-error.ts";
import type { EngineMessage } from "./messages.ts";

/** dockerode with what its types do not know. */
export type DockerClient = Docker & {
  ping(options: { abortSignal: AbortSignal }): Promise<unknown>;
  /** Reads BuildKit's messages as well, unlike that of `modem`. */
  followProgress(
    stream: NodeJS.ReadableStream,
    finished: () => void,
    progress: (message: EngineMessage) => void,
  ): void;
};

/** A connection to an engine that answered. */
export interface EngineClient {
  readonly docker: DockerClient;
  readonly endpoint: EngineEndpoint;
}

/** An engine on this machine answers in milliseconds; one that is behind ssh or hangs gets this long. */
const PING_TIMEOUT_MS = 10_000;

/**
 * Connects to the engine that the environment names.
 * @param env DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY, HOME, XDG_RUNTIME_DIR
 * @throws KtsError KTS_ENGINE_UNREACHABLE, KTS_CONFIG_INVALID, KTS_CANCELLED
 */
export async function connectEngine(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<EngineClient> {
  const endpoint = await findEndpoint(env);
  // Costs 150 ms and is needed by few verbs.
  const { default: Dockerode } = await import("dockerode");
  const docker = new Dockerode(endpoint.options) as DockerClient;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PING_TIMEOUT_MS)]);
  try {
    await docker.ping({ abortSignal: limit });
  } catch (error) {
    if (signal.aborted) throw new KtsError("KTS_CANCELLED", "stopped", { cause: signal.reason });
    throw unreachable(endpoint, error, limit.aborted);
  }
  return { docker, endpoint };
}

/** An engine that has stopped refuses at once; one that is slow is there. */
const ALIVE_TIMEOUT_MS = 5_000;

/** Whether the engine still answers: an engine that is being stopped ends what it does as if that had failed. */
export async function isAlive(docker: DockerClient): Promise<boolean> {
  const late = AbortSignal.timeout(ALIVE_TIMEOUT_MS);
  return docker.ping({ abortSignal: late }).then(
    () => true,
    () => late.aborted,
  );
}

function unreachable({ url, source }: EngineEndpoint, error: unknown, isLate: boolean): KtsError {
  const where = `the Docker engine at ${url} (${source})`;
  const make = (text: string, hint?: string) =>
    new KtsError("KTS_ENGINE_UNREACHABLE", `${where} ${text}`, {
      cause: error,
      ...(hint !== undefined && { hint }),
    });
  if (isLate) return make(`did not answer within ${PING_TIMEOUT_MS / 1000} s`);
  switch (codeOf(error)) {
    case "ENOENT":
      return make("is not there");
    case "ECONNREFUSED":
      return make("does not run");
    case "EACCES":
    case "EPERM":
      return make(
        "may not be used by this user",
        "Add yourself to the group docker, or run Docker rootless.",
      );
    default:
      return make(`does not answer: ${messageOfEngine(error)}`);
  }
}
