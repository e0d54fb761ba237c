/** How a registry knows who asks. */
export type RegistryCredentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** A refresh token, which some registries give at login in place of keeping the password. */
  | { readonly kind: "identity-token"; readonly token: string };

/**
 * Finds the credentials for a registry, by the host that Docker keeps them under (`docker.io`, `localhost:5000`).
 * Undefined: it is asked without any.
 */
export type CredentialsFor = (
  registry: string,
  signal: AbortSignal,
) => Promise<RegistryCredentials | undefined>;
