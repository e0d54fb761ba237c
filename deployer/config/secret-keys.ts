import { nearest } from "../../contract/nearest.ts";

/** The keys of a credential that KServe's storage initializer has a use for. */
export const SECRET_KEYS = [
  "aws_access_key_id",
  "aws_secret_access_key",
  "s3_endpoint",
  "s3_region",
  "s3_use_https",
  "s3_verify_ssl",
  "s3_use_virtual_bucket",
  "s3_use_accelerate",
  "s3_ca_bundle",
  "google_application_credentials",
  "azure_client_id",
  "azure_client_secret",
  "azure_tenant_id",
  "azure_subscription_id",
  "azure_storage_access_key",
  "azure_access_token",
  "hf_token",
] as const;

export type SecretKey = (typeof SECRET_KEYS)[number];

/** Keys that are found in credentials and that KServe does nothing with. */
const USELESS: Readonly<Record<string, string>> = {
  aws_session_token:
    "no session token, which KServe does not read: use long-lived keys, or identity.awsRoleArn",
};

/** Why a key of a credential means nothing, with a likely fix. Upper case is the same as lower case. */
export function secretKeyProblem(key: string): string | undefined {
  const plain = key.toLowerCase();
  const keys: readonly string[] = SECRET_KEYS;
  if (keys.includes(plain)) return undefined;
  if (USELESS[plain] !== undefined) return USELESS[plain];
  const near = nearest(plain, keys).join(" or ");
  return near === "" ? `one of the keys ${keys.join(", ")}` : `a known key; did you mean ${near}?`;
}
