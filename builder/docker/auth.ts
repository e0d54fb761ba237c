import type { CredentialsFor } from "../registry/credentials.ts";
import { parseReference } from "../registry/reference.ts";

/** Credentials as the engine takes them with a pull or push. */
export interface EngineAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress: string;
}

/** Docker Hub's address, as the engine knows it. */
const DOCKER_HUB_ADDRESS = "https://index.docker.io/v1/";

/** What the engine is to say to the registry of an image; undefined: nothing. */
export async function engineAuth(
  reference: string,
  credentialsFor: CredentialsFor,
  signal: AbortSignal,
): Promise<EngineAuth | undefined> {
  const { registry } = parseReference(reference);
  const credentials = await credentialsFor(registry, signal);
  if (credentials === undefined) return undefined;
  const serveraddress = registry === "docker.io" ? DOCKER_HUB_ADDRESS : registry;
  return credentials.kind === "identity-token"
    ? { identitytoken: credentials.token, serveraddress }
    : { username: credentials.username, password: credentials.password, serveraddress };
}
