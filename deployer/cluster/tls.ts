import { fileOrData } from "./credentials.ts";
import type { ChosenContext } from "./pick-context.ts";

/** A client's certificate and its key, in PEM. */
export interface Secured {
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
}

/** How the server's certificate is checked. */
export interface ServerTrust {
  /** Who may have signed it, in PEM; undefined: those that Node trusts. */
  readonly ca: Buffer | undefined;
  /** The name it must be for, where that is not the URL's. */
  readonly servername: string | undefined;
  readonly rejectUnauthorized: boolean;
}

/** What a kubeconfig says of how its server is checked. */
export async function serverTrust({ cluster }: ChosenContext): Promise<ServerTrust> {
  const name = cluster["tls-server-name"];
  return {
    ca: await fileOrData(cluster, "certificate-authority"),
    servername: typeof name === "string" && name !== "" ? name : undefined,
    rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
  };
}
