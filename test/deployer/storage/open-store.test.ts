import { describe, expect, it } from "vitest";
import { openStore } from "../../../deployer/storage/open-store.ts";
import { optionalPackage } from "../../../deployer/storage/optional-package.ts";
import { SecretText } from "../../../deployer/secret-text.ts";

const options = { env: {}, signal: new AbortController().signal };

describe("opening a store", () => {
  it.each(["s3://models/team", "gs://models/team"])("makes URIs of %s as KServe reads them", async (uri) => {
    await using store = await openStore(`${uri}/`, { ...options, env: { AWS_REGION: "eu-west-1" } });
    expect(store.uri("digits/0123456789ab")).toBe(`${uri}/digits/0123456789ab`);
  });

  it("makes URIs of Azure, whatever its address is here", async () => {
    const key = Buffer.from("some key").toString("base64");
    const connection = `AccountName=team1;AccountKey=${key};BlobEndpoint=http://127.0.0.1:10000/team1`;
    const env = { AZURE_STORAGE_CONNECTION_STRING: connection };
    const uri = "https://team1.blob.core.windows.net/models/a";
    await using store = await openStore(uri, { ...options, env });
    expect(store.uri("x/1")).toBe(`${uri}/x/1`);
  });

  it.each([
    ["https://example.com/models", /a host of Azure's Blob Storage/],
    ["hf://owner/model", /a store that a model can be uploaded to/],
    ["gcs://models", /gs:\/\//],
    ["https://team1.blob.core.windows.net", /a container/],
    ["models/team", /a URI such as s3/],
  ])("refuses %s", async (uri, message) => {
    await expect(openStore(uri, options)).rejects.toMatchObject({
      code: "KTS_CONFIG_INVALID",
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ["s3://models", { aws_access_key_id: "only-half-of-it" }],
    ["gs://models", { google_application_credentials: '{"private_key": "half of it' }],
    ["https://team1.blob.core.windows.net/models", { azure_storage_access_key: "no base64!" }],
  ])("refuses credentials for %s that cannot be any, without showing them", async (uri, values) => {
    const secret = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, new SecretText(value)]),
    );
    const failure: unknown = await openStore(uri, { ...options, secret }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "KTS_CONFIG_INVALID" });
    for (const value of Object.values(values)) expect((failure as Error).message).not.toContain(value);
  });
});

describe("a package that is not installed", () => {
  it("is named with the line that installs it", async () => {
    const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    const load = () => Promise.reject(missing);
    await expect(optionalPackage(load, ["@aws-sdk/client-s3"], "A store of s3://")).rejects.toMatchObject({
      code: "KTS_PACKAGE_MISSING",
      message: "A store of s3:// needs @aws-sdk/client-s3, which is not installed.",
      hint: "Run npm install @aws-sdk/client-s3",
    });
  });
});
