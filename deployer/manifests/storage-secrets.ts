import { KtsError } from "../../contract/errors.ts";
import { type SecretKey, secretKeyProblem } from "../config/secret-keys.ts";
import { type KserveVersion, hasFeature, sinceVersion } from "../kserve-version.ts";
import type { SecretText, SecretValues } from "../secret-text.ts";
import type { S3KeyNames } from "./plan.ts";

/** A Secret of one kind of store. KServe tells the kind by the first key it knows, so each kind has one of its own. */
export interface StorageSecret {
  readonly kind: "s3" | "gcs" | "azure" | "hf";
  readonly data: Readonly<Record<string, SecretText>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What credentials become. */
export interface StorageSecrets {
  readonly secrets: readonly StorageSecret[];
  /** S3's settings where no key goes with them: annotations of a ServiceAccount that has a role. */
  readonly s3Annotations: Readonly<Record<string, string>>;
}

/** Names of S3's keys as KServe's ConfigMap is shipped. */
export const SHIPPED_S3_KEYS: S3KeyNames = {
  accessKeyId: "AWS_ACCESS_KEY_ID",
  secretAccessKey: "AWS_SECRET_ACCESS_KEY",
};

/** File name by which KServe tells Google's credentials. */
const GOOGLE_FILE = "gcloud-application-credentials.json";

const AZURE = ["subscription_id", "tenant_id", "client_id", "client_secret"] as const;

type Values = Readonly<Partial<Record<SecretKey, SecretText>>>;

/**
 * Credentials in the form that KServe reads.
 * @throws KtsError KTS_CONFIG_INVALID when a key is unknown, half of a pair is missing, or a value cannot be what it
 *   should; never with the value
 */
export function storageSecrets(
  values: SecretValues,
  version: KserveVersion,
  s3KeyNames: S3KeyNames = SHIPPED_S3_KEYS,
): StorageSecrets {
  for (const key of Object.keys(values)) {
    const expected = secretKeyProblem(key);
    if (expected !== undefined) throw invalid(key, expected);
  }
  const known: Values = values;
  const s3Annotations = s3Settings(known);
  const secrets = [
    s3Secret(known, s3Annotations, s3KeyNames),
    googleSecret(known),
    azureSecret(known, version),
    azureAccessSecret(known, version),
    huggingFaceSecret(known, version),
  ].filter((secret) => secret !== undefined);
  return { secrets, s3Annotations };
}

function s3Secret(
  { aws_access_key_id: id, aws_secret_access_key: key }: Values,
  annotations: Readonly<Record<string, string>>,
  names: S3KeyNames,
): StorageSecret | undefined {
  if (id === undefined && key === undefined) return undefined;
  if (id === undefined) throw invalid("aws_access_key_id", "a value beside aws_secret_access_key");
  if (key === undefined) throw invalid("aws_secret_access_key", "a value beside aws_access_key_id");
  return { kind: "s3", data: { [names.accessKeyId]: id, [names.secretAccessKey]: key }, annotations };
}

/**
 * S3's settings as annotations. Their group is `serving.kserve.io`: under any other KServe does not see them. Every
 * release takes an endpoint without scheme beside `s3-usehttps`; older ones take it only so.
 */
function s3Settings(values: Values): Readonly<Record<string, string>> {
  const annotations: Record<string, string> = {};
  const put = (name: string, value: string | undefined): void => {
    if (value !== undefined) annotations[`serving.kserve.io/s3-${name}`] = value;
  };
  const [, scheme, endpoint] = /^(?:(https?):\/\/)?(.*?)\/*$/.exec(values.s3_endpoint?.reveal() ?? "") ?? [];
  if (values.s3_endpoint !== undefined && !/^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(endpoint ?? "")) {
    throw invalid(
      "s3_endpoint",
      "a host and port such as minio.models:9000, with http:// or https:// in front",
    );
  }
  const https = flag(values, "s3_use_https") ?? (scheme === undefined ? undefined : scheme === "https");
  if (scheme !== undefined && https !== (scheme === "https")) {
    throw invalid("s3_use_https", `what s3_endpoint says, which begins with ${scheme}://`);
  }
  put("endpoint", endpoint === "" ? undefined : endpoint);
  put("usehttps", digit(https));
  put("region", values.s3_region?.reveal());
  put("verifyssl", digit(flag(values, "s3_verify_ssl")));
  put("usevirtualbucket", digit(flag(values, "s3_use_virtual_bucket")));
  put("useaccelerate", digit(flag(values, "s3_use_accelerate")));
  put("cabundle", values.s3_ca_bundle?.reveal());
  return annotations;
}

function googleSecret({ google_application_credentials: json }: Values): StorageSecret | undefined {
  if (json === undefined) return undefined;
  if (!isJsonObject(json.reveal())) {
    throw invalid(
      "google_application_credentials",
      "the JSON of a service account, or @ and the path of its file",
    );
  }
  return { kind: "gcs", data: { [GOOGLE_FILE]: json }, annotations: {} };
}

/** Before v0.10 the keys began with `AZ_`, and all four had to be there. */
function azureSecret(values: Values, version: KserveVersion): StorageSecret | undefined {
  const given = AZURE.filter((name) => values[`azure_${name}`] !== undefined);
  if (given.length === 0) return undefined;
  const current = hasFeature(version, "azureKeys");
  const needed = current ? AZURE.filter((name) => name !== "subscription_id") : AZURE;
  const missing = needed.find((name) => !given.includes(name));
  if (missing !== undefined)
    throw invalid(`azure_${missing}`, `a value beside azure_${given.join(", azure_")}`);
  const prefix = current ? "AZURE_" : "AZ_";
  const data = given.map((name) => [prefix + name.toUpperCase(), values[`azure_${name}`] as SecretText]);
  return { kind: "azure", data: Object.fromEntries(data) as StorageSecret["data"], annotations: {} };
}

function azureAccessSecret(values: Values, version: KserveVersion): StorageSecret | undefined {
  const { azure_storage_access_key: key, azure_access_token: token, azure_client_id: client } = values;
  if (key === undefined && token === undefined) return undefined;
  if (key !== undefined && token !== undefined)
    throw invalid("azure_access_token", noneBeside("azure_storage_access_key"));
  if (client !== undefined) {
    throw invalid(
      key === undefined ? "azure_access_token" : "azure_storage_access_key",
      noneBeside("azure_client_id"),
    );
  }
  if (key !== undefined) return { kind: "azure", data: { AZURE_STORAGE_ACCESS_KEY: key }, annotations: {} };
  if (!hasFeature(version, "azureAccessToken")) {
    throw invalid("azure_access_token", `none before KServe ${sinceVersion("azureAccessToken")}`);
  }
  return { kind: "azure", data: { AZURE_ACCESS_TOKEN: token as SecretText }, annotations: {} };
}

function huggingFaceSecret({ hf_token: token }: Values, version: KserveVersion): StorageSecret | undefined {
  if (token === undefined) return undefined;
  if (!hasFeature(version, "hfSecret"))
    throw invalid("hf_token", `none before KServe ${sinceVersion("hfSecret")}`);
  return { kind: "hf", data: { HF_TOKEN: token }, annotations: {} };
}

function noneBeside(other: SecretKey): string {
  return `none beside ${other}: KServe reads one of them`;
}

/** KServe compares with 0 and 1; people and ZenML write true and false in all their spellings. */
function flag(values: Values, key: SecretKey): boolean | undefined {
  const text = values[key]?.reveal().toLowerCase();
  if (text === undefined) return undefined;
  if (["1", "true", "yes", "on"].includes(text)) return true;
  if (["0", "false", "no", "off"].includes(text)) return false;
  throw invalid(key, "true or false");
}

function digit(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? "1" : "0";
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function invalid(key: string, expected: string): KtsError {
  return new KtsError("KTS_CONFIG_INVALID", `deploy.secret.${key}: expected ${expected}`);
}
