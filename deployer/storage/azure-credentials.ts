import type * as Identity from "@azure/identity";
import type { SecretKey } from "../config/secret-keys.ts";
import type { OpenStoreOptions } from "./open-options.ts";
import { optionalPackage } from "./optional-package.ts";

/** How Azure is told who asks. */
export type AzureCredentials =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "sas"; readonly token: string }
  | { readonly kind: "token"; readonly credential: Identity.TokenCredential };

/** Credentials, and where they are of use. */
export interface AzureAccess {
  readonly credentials: AzureCredentials;
  /** What they come from, for messages. */
  readonly source: string;
  /** Credentials that no message may show. */
  readonly secrets: readonly string[];
  /** The account's address where it is not Azure's own, as Azurite has it. */
  readonly endpoint?: string;
}

/**
 * Credentials of an account: the keys of `deploy.secret`, else the environment's, else the SDK's own chain.
 * @throws KtsError KTS_PACKAGE_MISSING where an identity is needed and its package is not there
 */
export async function azureAccess(account: string, options: OpenStoreOptions): Promise<AzureAccess> {
  const { env, secret = {} } = options;
  const given = (key: SecretKey): string | undefined => secret[key]?.reveal();
  const connection = connectionOf(env["AZURE_STORAGE_CONNECTION_STRING"] ?? "");
  const isOfAccount = connection["AccountName"] === account;
  const endpoint = isOfAccount ? connection["BlobEndpoint"]?.replace(/\/+$/, "") : undefined;
  const access = (credentials: AzureCredentials, source: string, ...secrets: string[]): AzureAccess => ({
    credentials,
    source,
    secrets,
    ...(endpoint !== undefined && { endpoint }),
  });
  const key = given("azure_storage_access_key");
  if (key !== undefined)
    return access({ kind: "key", key }, "azure_storage_access_key of deploy.secret", key);
  const token = given("azure_access_token");
  if (token !== undefined) {
    const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Infinity }) };
    return access({ kind: "token", credential }, "azure_access_token of deploy.secret", token);
  }
  const clientSecret = given("azure_client_secret");
  if (clientSecret !== undefined) {
    const { ClientSecretCredential } = await identity();
    const [tenant = "", client = ""] = [given("azure_tenant_id"), given("azure_client_id")];
    const credential = new ClientSecretCredential(tenant, client, clientSecret);
    return access({ kind: "token", credential }, "azure_client_id of deploy.secret", clientSecret);
  }
  const ofConnection = isOfAccount ? connection["AccountKey"] : undefined;
  if (ofConnection !== undefined) {
    const source = "AZURE_STORAGE_CONNECTION_STRING of the environment";
    return access({ kind: "key", key: ofConnection }, source, ofConnection);
  }
  for (const name of ["AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY"]) {
    const found = env[name];
    if (found) return access({ kind: "key", key: found }, `${name} of the environment`, found);
  }
  const sas = env["AZURE_STORAGE_SAS_TOKEN"]?.replace(/^\?/, "");
  if (sas) return access({ kind: "sas", token: sas }, "AZURE_STORAGE_SAS_TOKEN of the environment", sas);
  const { DefaultAzureCredential } = await identity();
  const source = "Azure's own chain (environment, az login, the machine's identity)";
  return access({ kind: "token", credential: new DefaultAzureCredential() }, source);
}

async function identity(): Promise<typeof Identity> {
  const name = "@azure/identity";
  return optionalPackage(() => import("@azure/identity"), [name], "An identity of Azure");
}

/** `AccountName=a;AccountKey=b`; a key has `=` at its end. */
function connectionOf(text: string): Readonly<Record<string, string | undefined>> {
  const pairs = text.split(";").map((pair) => /^\s*(\w+)=(.*)$/s.exec(pair));
  return Object.fromEntries(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1], pair[2]]])));
}
