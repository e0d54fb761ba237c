import type { IdentityConfig } from "../../contract/deploy-config.ts";
import { KtsError } from "../../contract/errors.ts";
import type { SecretText } from "../secret-text.ts";
import { type Manifest, type ManifestMetadata, compact } from "./manifest.ts";
import type { DeployPlan } from "./plan.ts";
import { storageSecrets } from "./storage-secrets.ts";

/** How the pods reach the model's store. */
export interface Access {
  /** The Secrets and the ServiceAccount that are made for it. */
  readonly manifests: readonly Manifest[];
  /** The ServiceAccount of the pods; undefined: the namespace's default. */
  readonly serviceAccountName?: string;
  /** A Secret that the InferenceService itself names, beside a ServiceAccount that is left as it is. */
  readonly secretName?: string;
  /** Labels that the pods need. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Labels of everything that is ours. */
export const OWN_LABELS: Readonly<Record<string, string>> = { "app.kubernetes.io/managed-by": "kserve-ts" };

/**
 * The Secrets and the ServiceAccount of a deployment. KServe reads the Secrets that the pods' own ServiceAccount lists,
 * and no others, so that one is attached where there are any.
 * @throws KtsError KTS_CONFIG_INVALID when the credentials cannot be what KServe reads
 */
export function accessOf(plan: DeployPlan): Access {
  const { name, serviceAccountName, identity, secret } = plan.settings;
  const existing = typeof secret === "string" ? [secret] : [];
  const values = plan.secretValues ?? (typeof secret === "object" ? secret : {});
  const { secrets, s3Annotations } = storageSecrets(values, plan.version, plan.s3KeyNames);
  const made = secrets.map(({ kind, data, annotations }) =>
    secretManifest(metadataOf(plan, `${name}-storage-${kind}`, annotations), data),
  );
  const names = [...existing, ...made.map((manifest) => manifest.metadata.name)];
  const hasS3Keys = secrets.some(({ kind }) => kind === "s3");
  if (!hasS3Keys && Object.keys(s3Annotations).length > 0 && identity?.awsRoleArn === undefined) {
    const message =
      "deploy.secret: expected aws_access_key_id and aws_secret_access_key beside S3's settings";
    throw new KtsError("KTS_CONFIG_INVALID", message, { hint: "Or set identity.awsRoleArn." });
  }
  if (serviceAccountName !== undefined) return besideAccount(serviceAccountName, made, names);
  const annotations = { ...identityAnnotations(identity), ...(!hasS3Keys && s3Annotations) };
  if (names.length === 0 && Object.keys(annotations).length === 0) return { manifests: [], labels: {} };
  const account: Manifest = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadataOf(plan, `${name}-storage`, annotations),
    ...compact({ secrets: names.map((secretName) => ({ name: secretName })) }),
  };
  const labels: Access["labels"] =
    identity?.azureClientId === undefined ? {} : { "azure.workload.identity/use": "true" };
  return { manifests: [...made, account], serviceAccountName: account.metadata.name, labels };
}

function besideAccount(
  serviceAccountName: string,
  made: readonly Manifest[],
  names: readonly string[],
): Access {
  const [secretName, ...others] = names;
  if (others.length > 0) {
    const message = `deploy.secret: expected keys of one store beside serviceAccountName, got ${names.length} stores'`;
    throw new KtsError("KTS_CONFIG_INVALID", message, {
      hint: "Leave serviceAccountName out, so that a ServiceAccount is made that lists them all.",
    });
  }
  return { manifests: made, serviceAccountName, labels: {}, ...(secretName !== undefined && { secretName }) };
}

function secretManifest(metadata: ManifestMetadata, data: Readonly<Record<string, SecretText>>): Manifest {
  return { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data };
}

function metadataOf(
  { namespace }: DeployPlan,
  name: string,
  annotations: Readonly<Record<string, string>>,
): ManifestMetadata {
  return {
    name,
    namespace,
    labels: OWN_LABELS,
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

function identityAnnotations(identity: IdentityConfig = {}): Readonly<Record<string, string>> {
  const { awsRoleArn, gcpServiceAccount, azureClientId } = identity;
  return {
    ...(awsRoleArn !== undefined && { "eks.amazonaws.com/role-arn": awsRoleArn }),
    ...(gcpServiceAccount !== undefined && { "iam.gke.io/gcp-service-account": gcpServiceAccount }),
    ...(azureClientId !== undefined && { "azure.workload.identity/client-id": azureClientId }),
  };
}
