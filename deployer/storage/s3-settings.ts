import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { KtsError, messageOf } from "../../contract/errors.ts";
import type { SecretKey } from "../config/secret-keys.ts";
import { storageSecrets } from "../manifests/storage-secrets.ts";
import { parseVersion } from "../kserve-version.ts";
import type { OpenStoreOptions } from "./open-options.ts";

/** A connection that says nothing for so long is given up. */
const SILENT_MS = 60_000;
const CONNECT_MS = 10_000;
/** Where a store is no cloud's, its region is a word without meaning that goes into the signature. */
const USUAL_REGION = "us-east-1";

/** How an S3 store is reached. */
export interface S3Settings {
  readonly config: S3ClientConfig;
  /** With its scheme; undefined for Amazon's own. */
  readonly endpoint: string | undefined;
  /** What the credentials come from, for messages. */
  readonly source: string;
  /** Credentials that no message may show. */
  readonly secrets: readonly string[];
}

/**
 * The client's settings, from the keys of `deploy.secret`, else from the environment. What neither says is left to the
 * SDK's own chain: profiles, roles, the machine's identity.
 * @throws KtsError KTS_CONFIG_INVALID when a setting cannot be what it should
 */
export async function s3Settings(options: OpenStoreOptions): Promise<S3Settings> {
  const { env, secret = {}, maxRequests = 8 } = options;
  // The same checks as the Secret's, so that what is refused there is not uploaded first.
  storageSecrets(secret, parseVersion("v0.20.0"));
  const given = (key: SecretKey): string | undefined => secret[key]?.reveal();
  const endpoint = endpointOf(given, env);
  const region = given("s3_region") ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"];
  const { keys, source } = keysOf(given, env);
  const verify = flag(given("s3_verify_ssl")) ?? true;
  const authorities = await extraAuthorities(env);
  const agent = { keepAlive: true, maxSockets: 2 * maxRequests };
  const config: S3ClientConfig = {
    // Only a store that is no cloud's can do without a region.
    ...((region !== undefined || endpoint !== undefined) && { region: region ?? USUAL_REGION }),
    ...(keys !== undefined && { credentials: keys }),
    ...(endpoint !== undefined && {
      endpoint,
      forcePathStyle: !(flag(given("s3_use_virtual_bucket")) ?? false),
    }),
    useAccelerateEndpoint: flag(given("s3_use_accelerate")) ?? false,
    followRegionRedirects: true,
    // The store checks each request's SHA-256, which is part of its signature; other checksums break some S3 clones.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // Requests are tried again by our own rules, which end with the caller's signal.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENT_MS,
      httpAgent: agent,
      httpsAgent: { ...agent, rejectUnauthorized: verify, ...(authorities && { ca: authorities }) },
    },
  };
  const secrets = keys === undefined ? [] : [keys.secretAccessKey, keys.accessKeyId, keys.sessionToken ?? ""];
  return { config, endpoint, source, secrets: secrets.filter((text) => text !== "") };
}

type Given = (key: SecretKey) => string | undefined;

function endpointOf(given: Given, env: OpenStoreOptions["env"]): string | undefined {
  // The credential's is where pods find the store; a store within the cluster has another address on this machine.
  const named = env["AWS_ENDPOINT_URL_S3"] ?? given("s3_endpoint") ?? env["AWS_ENDPOINT_URL"];
  if (named === undefined || named === "") return undefined;
  const plain = named.replace(/\/+$/, "");
  // KServe needs it for a region's own address; the SDK derives that address, and would not follow a redirect from it.
  if (/^(https?:\/\/)?s3[.-]([\w-]+\.)?amazonaws\.com$/.test(plain)) return undefined;
  if (/^https?:\/\//.test(plain)) return plain;
  return `${(flag(given("s3_use_https")) ?? true) ? "https" : "http"}://${plain}`;
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

function keysOf(
  given: Given,
  env: OpenStoreOptions["env"],
): { readonly keys: Keys | undefined; readonly source: string } {
  const id = given("aws_access_key_id");
  const key = given("aws_secret_access_key");
  if (id !== undefined && key !== undefined) {
    return { keys: { accessKeyId: id, secretAccessKey: key }, source: "aws_access_key_id of deploy.secret" };
  }
  const { AWS_ACCESS_KEY_ID: envId, AWS_SECRET_ACCESS_KEY: envKey, AWS_SESSION_TOKEN: token } = env;
  if (envId && envKey) {
    const keys = { accessKeyId: envId, secretAccessKey: envKey, ...(token && { sessionToken: token }) };
    return { keys, source: "AWS_ACCESS_KEY_ID of the environment" };
  }
  return { keys: undefined, source: "the SDK's own chain (profile, role, the machine's identity)" };
}

function flag(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : ["1", "true", "yes", "on"].includes(text.toLowerCase());
}

/** `s3_ca_bundle` is a path in the pod; here it is the environment that names certificates, as for the aws command. */
async function extraAuthorities(env: OpenStoreOptions["env"]): Promise<string[] | undefined> {
  const file = env["AWS_CA_BUNDLE"];
  if (file === undefined || file === "") return undefined;
  try {
    return [...rootCertificates, await readFile(file, "utf8")];
  } catch (error) {
    throw new KtsError(
      "KTS_CONFIG_INVALID",
      `AWS_CA_BUNDLE: expected a file of certificates: ${messageOf(error)}`,
    );
  }
}
