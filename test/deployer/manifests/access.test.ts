import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { DeployConfig } from "../../../contract/deploy-config.ts";
import type { Manifest } from "../../../deployer/manifests/manifest.ts";
import { revealSecrets, toYaml } from "../../../deployer/manifests/print.ts";
import { render } from "../../../deployer/manifests/render.ts";
import { readSecretFiles } from "../../../deployer/secret-text.ts";
import { KINDS, type PlanFacts, planOf } from "../plans.ts";
import { problemOf } from "../problem-of.ts";

const S3 = { aws_access_key_id: "id", aws_secret_access_key: "key" };
const AZURE = { azure_client_id: "client", azure_client_secret: "secret", azure_tenant_id: "tenant" };

interface SecretManifest extends Manifest {
  readonly data: Readonly<Record<string, string>>;
}

/** What a deployment's access is made of, with the Secrets' values to be seen. */
function accessOf(deploy: DeployConfig, facts?: PlanFacts) {
  const manifests = revealSecrets(render(planOf({ ...KINDS.sklearn, ...deploy }, facts)));
  const ofKind = (kind: string): readonly Manifest[] =>
    manifests.filter((manifest) => manifest.kind === kind);
  const secrets = ofKind("Secret").map((secret) => {
    const { data, metadata } = secret as SecretManifest;
    const values = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]);
    return {
      name: metadata.name,
      annotations: metadata.annotations,
      data: Object.fromEntries(values) as object,
    };
  });
  const [service] = ofKind("InferenceService");
  const { predictor } = service?.["spec"] as { predictor: { serviceAccountName?: string } };
  return { secrets, accounts: ofKind("ServiceAccount"), service, account: predictor.serviceAccountName };
}

describe("credentials", () => {
  it("of S3 become a Secret with KServe's annotations, listed by the pods' own ServiceAccount", () => {
    const secret = { ...S3, s3_endpoint: "https://minio:9000/", s3_region: "eu", s3_verify_ssl: "False" };
    const { secrets, accounts, account } = accessOf({ secret });
    expect(secrets).toEqual([
      {
        name: "digits-storage-s3",
        annotations: {
          "serving.kserve.io/s3-endpoint": "minio:9000",
          "serving.kserve.io/s3-usehttps": "1",
          "serving.kserve.io/s3-region": "eu",
          "serving.kserve.io/s3-verifyssl": "0",
        },
        data: { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key" },
      },
    ]);
    expect(accounts.map(({ metadata, secrets: listed }) => [metadata.name, listed])).toEqual([
      ["digits-storage", [{ name: "digits-storage-s3" }]],
    ]);
    expect(account).toBe("digits-storage");
  });

  it("of S3 go under the names that the cluster's ConfigMap has", () => {
    const s3KeyNames = { accessKeyId: "awsAccessKeyID", secretAccessKey: "awsSecretAccessKey" };
    expect(accessOf({ secret: S3 }, { s3KeyNames }).secrets[0]?.data).toEqual({
      awsAccessKeyID: "id",
      awsSecretAccessKey: "key",
    });
  });

  it("of Google become the file that KServe looks for", () => {
    const json = '{"type":"service_account"}';
    const { secrets } = accessOf({ secret: { google_application_credentials: json } });
    expect(secrets[0]?.data).toEqual({ "gcloud-application-credentials.json": json });
  });

  it("of Azure go under the names that the release reads", () => {
    expect(accessOf({ secret: AZURE }).secrets[0]?.data).toEqual({
      AZURE_CLIENT_ID: "client",
      AZURE_CLIENT_SECRET: "secret",
      AZURE_TENANT_ID: "tenant",
    });
    const all = { ...AZURE, azure_subscription_id: "subscription" };
    expect(accessOf({ secret: all }, { version: "v0.9.0" }).secrets[0]?.data).toEqual({
      AZ_CLIENT_ID: "client",
      AZ_CLIENT_SECRET: "secret",
      AZ_TENANT_ID: "tenant",
      AZ_SUBSCRIPTION_ID: "subscription",
    });
  });

  it.each([
    [{ azure_storage_access_key: "x" }, "digits-storage-azure", { AZURE_STORAGE_ACCESS_KEY: "x" }],
    [{ azure_access_token: "x" }, "digits-storage-azure", { AZURE_ACCESS_TOKEN: "x" }],
    [{ HF_TOKEN: "x" }, "digits-storage-hf", { HF_TOKEN: "x" }],
  ])("%j become %s", (secret, name, data) => {
    expect(accessOf({ secret }).secrets).toEqual([{ name, annotations: undefined, data }]);
  });

  it("of several stores become a Secret each, since KServe reads one store's from each", () => {
    const { secrets, accounts } = accessOf({ secret: { ...S3, hf_token: "x" } });
    expect(secrets.map(({ name }) => name)).toEqual(["digits-storage-s3", "digits-storage-hf"]);
    expect(accounts[0]?.["secrets"]).toEqual([{ name: "digits-storage-s3" }, { name: "digits-storage-hf" }]);
  });

  it("that are there are listed by their name", () => {
    const { secrets, accounts } = accessOf({ secret: "store-keys" });
    expect(secrets).toEqual([]);
    expect(accounts[0]?.["secrets"]).toEqual([{ name: "store-keys" }]);
  });

  it("beside a ServiceAccount that is there are named by the InferenceService", () => {
    const { accounts, account, service } = accessOf({ secret: S3, serviceAccountName: "mine" });
    expect(accounts).toEqual([]);
    expect(account).toBe("mine");
    expect(service?.metadata.annotations).toMatchObject({
      "serving.kserve.io/storageSecretName": "digits-storage-s3",
    });
  });

  it("that are none leave the namespace's default ServiceAccount", () => {
    expect(accessOf({})).toMatchObject({ secrets: [], accounts: [], account: undefined });
  });

  it.each([
    [{ awsRoleArn: "arn:aws:iam::1:role/x" }, { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x" }],
    [{ gcpServiceAccount: "a@b" }, { "iam.gke.io/gcp-service-account": "a@b" }],
    [{ azureClientId: "c" }, { "azure.workload.identity/client-id": "c" }],
  ])("as the identity %j are annotations of the ServiceAccount", (identity, annotations) => {
    const { secrets, accounts, account } = accessOf({ identity });
    expect(secrets).toEqual([]);
    expect(accounts[0]?.metadata.annotations).toEqual(annotations);
    expect(account).toBe("digits-storage");
  });

  it("as a role take S3's settings along", () => {
    const { accounts } = accessOf({ identity: { awsRoleArn: "arn" }, secret: { s3_region: "eu" } });
    expect(accounts[0]?.metadata.annotations).toMatchObject({ "serving.kserve.io/s3-region": "eu" });
  });

  it("as Azure's identity label the pods", () => {
    const { service } = accessOf({ identity: { azureClientId: "c" } });
    expect(service?.metadata.labels).toMatchObject({ "azure.workload.identity/use": "true" });
  });

  it.each([
    [{ aws_access_key_id: "x" }, /deploy\.secret\.aws_secret_access_key: expected a value beside/],
    [{ s3_region: "eu" }, /expected aws_access_key_id and aws_secret_access_key beside S3's settings/],
    [{ ...S3, s3_use_https: "perhaps" }, /deploy\.secret\.s3_use_https: expected true or false/],
    [
      { ...S3, s3_endpoint: "http://a:1", s3_use_https: true },
      /what s3_endpoint says, which begins with http:\/\//,
    ],
    [{ ...S3, s3_endpoint: "http://a/path" }, /deploy\.secret\.s3_endpoint: expected a host and port/],
    [{ google_application_credentials: "not json" }, /expected the JSON of a service account/],
    [{ azure_client_id: "x" }, /deploy\.secret\.azure_tenant_id: expected a value beside azure_client_id/],
    [{ ...AZURE, azure_access_token: "x" }, /azure_access_token: expected none beside azure_client_id/],
  ])("%j are refused", (secret, message) => {
    expect(problemOf(() => accessOf({ secret }))).toMatch(message);
  });

  it("of two stores are refused beside a ServiceAccount that is there", () => {
    const deploy = { secret: { ...S3, hf_token: "x" }, serviceAccountName: "mine" };
    expect(problemOf(() => accessOf(deploy))).toMatch(/expected keys of one store beside serviceAccountName/);
  });

  it("are refused where a release does not read them", () => {
    expect(problemOf(() => accessOf({ secret: AZURE }, { version: "v0.9.0" }))).toMatch(
      /azure_subscription_id/,
    );
    expect(problemOf(() => accessOf({ secret: { hf_token: "x" } }, { version: "v0.14.0" }))).toMatch(
      /v0\.15\.0/,
    );
    const beside = { secret: "keys", serviceAccountName: "mine" };
    expect(problemOf(() => accessOf(beside, { version: "v0.10.2" }))).toMatch(/before KServe v0\.11\.0/);
  });

  it("are read from files by @path", async () => {
    const { settings, ...plan } = planOf({
      ...KINDS.sklearn,
      secret: { google_application_credentials: "@key.json" },
    });
    const asked: string[] = [];
    const secretValues = await readSecretFiles(settings.secret as never, (path) => {
      asked.push(path);
      return Promise.resolve('{"a":1}');
    });
    const [secret] = revealSecrets(render({ ...plan, settings, secretValues }));
    expect(asked).toEqual(["key.json"]);
    expect(Object.values((secret as SecretManifest).data)).toEqual([
      Buffer.from('{"a":1}').toString("base64"),
    ]);
  });

  it("are never shown: not in settings, plans, manifests, YAML or messages", () => {
    const hidden = "swordfish-8271";
    const secret = { aws_access_key_id: hidden, aws_secret_access_key: hidden, hf_token: hidden };
    const plan = planOf({ ...KINDS.sklearn, secret });
    const manifests = render(plan);
    const shown = [
      JSON.stringify(plan),
      inspect(plan, { depth: 9, showHidden: true }),
      JSON.stringify(manifests),
      inspect(manifests, { depth: 9, showHidden: true }),
      toYaml(manifests),
      String(plan.settings.secret && Object.values(plan.settings.secret)),
      problemOf(() => render(planOf({ ...KINDS.sklearn, secret: { ...secret, s3_use_https: hidden } }))),
      problemOf(() =>
        render(planOf({ ...KINDS.sklearn, secret: { google_application_credentials: hidden } })),
      ),
      problemOf(() =>
        render(planOf({ ...KINDS.sklearn, secret: { ...secret, s3_endpoint: `${hidden} x` } })),
      ),
    ].join("\n");
    for (const form of [hidden, Buffer.from(hidden).toString("base64")]) expect(shown).not.toContain(form);
    expect(JSON.stringify(revealSecrets(manifests))).toContain(Buffer.from(hidden).toString("base64"));
  });
});
