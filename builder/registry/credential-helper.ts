import { execFile } from "node:child_process";
import { KtsError } from "../../contract/errors.ts";
import type { RegistryCredentials } from "./credentials.ts";

/** The user's name by which a helper says that the secret is a token, not a password. */
const TOKEN_USER = "<token>";

/** A helper may ask the user to unlock a key ring; one that hangs is ended. */
const HELPER_TIMEOUT_MS = 60_000;

const MOST_OUTPUT_BYTES = 1 << 20;

/** Words by which the helpers say that they know no such registry, which is no failure. */
const NOT_FOUND = /credentials not found|no credentials|not found in native keychain/i;

/**
 * Asks a credential helper, a program that Docker's configuration names.
 * Protocol: https://github.com/docker/docker-credential-helpers#development
 * @param name without `docker-credential-` in front
 * @param server the registry as the helper knows it
 * @param env its environment; PATH finds it
 * @returns undefined when it knows none for the registry
 * @throws KtsError KTS_REGISTRY_DENIED when it is missing, fails or answers nonsense; KTS_CANCELLED
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<RegistryCredentials | undefined> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(name)) {
    throw new KtsError("KTS_CONFIG_INVALID", `${JSON.stringify(name)} is no name of a credential helper`);
  }
  const { error, stdout, stderr } = await runHelper(program, server, env, signal);
  if (signal.aborted) throw new KtsError("KTS_CANCELLED", `${program} was stopped`, { cause: signal.reason });
  if (error === null) return parseAnswer(program, stdout);
  if (error.code === "ENOENT") {
    throw new KtsError(
      "KTS_REGISTRY_DENIED",
      `${program} is not on PATH, but Docker's configuration names it`,
      {
        hint: "Install the helper, or take credsStore and credHelpers out of the configuration and log in again.",
      },
    );
  }
  // A helper tells its errors on stdout, where its secrets would be too; these are the ones without.
  const said = `${stderr}\n${stdout}`.trim();
  if (NOT_FOUND.test(said)) return undefined;
  const reason =
    error.killed === true ? "took too long" : `failed: ${firstLine(said) || `exit code ${error.code}`}`;
  throw new KtsError("KTS_REGISTRY_DENIED", `${program} ${reason}`, {
    hint: `Try: echo ${server} | ${program} get`,
  });
}

interface HelperRun {
  readonly error: { readonly code?: string | number | null; readonly killed?: boolean } | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runHelper(
  program: string,
  server: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<HelperRun> {
  const { promise, resolve } = Promise.withResolvers<HelperRun>();
  const options = { env, signal, timeout: HELPER_TIMEOUT_MS, maxBuffer: MOST_OUTPUT_BYTES };
  const child = execFile(program, ["get"], options, (error, stdout, stderr) => {
    resolve({ error: error as HelperRun["error"], stdout, stderr });
  });
  // One that does not read its input closes it.
  child.stdin?.on("error", () => undefined).end(`${server}\n`);
  return promise;
}

function parseAnswer(program: string, stdout: string): RegistryCredentials | undefined {
  let answer: { readonly Username?: unknown; readonly Secret?: unknown };
  try {
    answer = JSON.parse(stdout) as typeof answer;
  } catch {
    throw new KtsError("KTS_REGISTRY_DENIED", `${program} answered no JSON`);
  }
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== "string" || typeof secret !== "string") {
    throw new KtsError("KTS_REGISTRY_DENIED", `${program} answered without Username and Secret`);
  }
  if (username === "" && secret === "") return undefined;
  return username === TOKEN_USER
    ? { kind: "identity-token", token: secret }
    : { kind: "password", username, password: secret };
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}
