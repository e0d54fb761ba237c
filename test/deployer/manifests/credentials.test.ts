import { describe, expect, it } from "vitest";
import type { DeployConfig } from "../../../contract/deploy-config.ts";
import { revealSecrets, toYaml } from "../../../deployer/manifests/print.ts";
import { render } from "../../../deployer/manifests/render.ts";
import { KINDS, type PlanFacts, planOf } from "../plans.ts";

const S3 = { aws_access_key_id: "id-of-s3", aws_secret_access_key: "key-of-s3" };
const AZURE = {
  azure_client_id: "client",
  azure_client_secret: "secret-of-azure",
  azure_tenant_id: "tenant",
};
const GOOGLE = '{"type":"service_account","private_key":"key-of-google"}';

/** Every way to say who reads the model, each with what it becomes in its golden file. */
const ROWS: Readonly<Record<string, readonly [deploy: DeployConfig, facts?: PlanFacts]>> = {
  s3: [{ secret: S3 }],
  "s3-settings": [
    {
      secret: {
        ...S3,
        s3_endpoint: "http://minio.models:9000",
        s3_region: "eu-central-1",
        s3_verify_ssl: "False",
        s3_use_virtual_bucket: true,
        s3_use_accelerate: false,
        s3_ca_bundle: "/etc/ssl/minio.pem",
      },
    },
  ],
  "s3-use-https-as-zenml-writes-it": [
    { secret: { ...S3, s3_endpoint: "minio.models:9000", s3_use_https: "True" } },
  ],
  "s3-keys-of-an-older-configmap": [
    { secret: S3 },
    { s3KeyNames: { accessKeyId: "awsAccessKeyID", secretAccessKey: "awsSecretAccessKey" } },
  ],
  google: [{ secret: { google_application_credentials: GOOGLE } }],
  azure: [{ secret: AZURE }],
  "azure-with-subscription": [{ secret: { ...AZURE, azure_subscription_id: "subscription" } }],
  "azure-v0.9": [{ secret: { ...AZURE, azure_subscription_id: "subscription" } }, { version: "v0.9.0" }],
  "azure-access-key": [{ secret: { azure_storage_access_key: "key-of-azure" } }],
  "azure-access-token": [{ secret: { azure_access_token: "token-of-azure" } }],
  huggingface: [{ secret: { hf_token: "token-of-hf" } }],
  "two-stores": [{ secret: { ...S3, hf_token: "token-of-hf" } }],
  "secret-that-is-there": [{ secret: "store-keys" }],
  "secret-beside-an-account": [{ secret: S3, serviceAccountName: "models" }],
  "aws-role": [
    {
      identity: { awsRoleArn: "arn:aws:iam::1:role/reader" },
      secret: { s3_region: "eu-central-1", s3_endpoint: "https://s3.eu-central-1.amazonaws.com" },
    },
  ],
  "google-identity": [{ identity: { gcpServiceAccount: "reader@project.iam.gserviceaccount.com" } }],
  "azure-identity": [{ identity: { azureClientId: "client" } }],
};

describe("the Secrets and the ServiceAccount of credentials", () => {
  it.each(Object.entries(ROWS))("are those of golden/credentials/%s.yaml", async (name, [deploy, facts]) => {
    const manifests = revealSecrets(render(planOf({ ...KINDS.sklearn, ...deploy }, facts)));
    await expect(toYaml(manifests)).toMatchFileSnapshot(`../golden/credentials/${name}.yaml`);
  });
});
