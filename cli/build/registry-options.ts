import { text as textOf } from "node:stream/consumers";
import { isImagePath } from "../../builder/oci/image-source.ts";
import type { CredentialsFor } from "../../builder/registry/credentials.ts";
import { dockerConfigCredentials } from "../../builder/registry/docker-config.ts";
import { parseReference } from "../../builder/registry/reference.ts";
import { KtsError } from "../../contract/errors.ts";
import type { Environment } from "../verb.ts";

/** What the options say of registries. */
export interface RegistryWords {
  readonly registryUser: string | undefined;
  readonly passwordStdin: boolean;
  readonly insecureRegistry: readonly string[];
}

/** How registries are spoken to. */
export interface RegistryAccess {
  readonly credentialsFor: CredentialsFor;
  /** Those without TLS, as `host:port`. */
  readonly insecure: readonly string[];
}

/**
 * How registries are spoken to: as Docker's configuration says, but for the image's own registry, where a user and a
 * password on stdin come first. No other registry gets those.
 * @param image the image's name, or a path, which has no registry
 * @throws KtsError KTS_USAGE when one of user and password is missing
 */
export async function registryAccess(
  { registryUser, passwordStdin, insecureRegistry }: RegistryWords,
  image: string | undefined,
  env: Environment,
): Promise<RegistryAccess> {
  const fromConfig = dockerConfigCredentials(env);
  const insecure = insecureRegistry;
  if (registryUser === undefined && !passwordStdin) return { credentialsFor: fromConfig, insecure };
  if (registryUser === undefined) {
    throw new KtsError("KTS_USAGE", "--password-stdin needs --registry-user", {
      hint: "Say whose password it is: --registry-user <name>.",
    });
  }
  if (!passwordStdin) {
    throw new KtsError("KTS_USAGE", "--registry-user needs --password-stdin", {
      hint: 'Give the password on stdin: printf %s "$TOKEN" | kserve-ts ... --password-stdin',
    });
  }
  const own = image === undefined || isImagePath(image) ? undefined : parseReference(image).registry;
  const given = { kind: "password", username: registryUser, password: await readPassword() } as const;
  return {
    insecure,
    credentialsFor: async (registry, signal) => (registry === own ? given : fromConfig(registry, signal)),
  };
}

async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new KtsError("KTS_USAGE", "--password-stdin reads the password from stdin, which is a terminal", {
      hint: 'Pipe it: printf %s "$TOKEN" | kserve-ts ... --password-stdin',
    });
  }
  const password = (await textOf(process.stdin)).replace(/\r?\n$/, "");
  if (password === "") throw new KtsError("KTS_USAGE", "--password-stdin: there is nothing on stdin");
  return password;
}
