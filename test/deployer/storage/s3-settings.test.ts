import { describe, expect, it } from "vitest";
import { SecretText } from "../../../deployer/secret-text.ts";
import { s3Settings } from "../../../deployer/storage/s3-settings.ts";

const { signal } = new AbortController();

/** The endpoint that follows from the keys of deploy.secret and the environment. */
async function endpoint(keys: Record<string, string>, env: Record<string, string>) {
  const secret = Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, new SecretText(value)]));
  return (await s3Settings({ secret, env, signal })).endpoint;
}

describe("the address of an S3 store", () => {
  const keys = { s3_endpoint: "minio.models:9000", s3_use_https: "false" };

  it("is the settings', with the scheme that they say", async () => {
    expect(await endpoint(keys, {})).toBe("http://minio.models:9000");
    expect(await endpoint({ s3_endpoint: "minio.models:9000" }, {})).toBe("https://minio.models:9000");
    expect(await endpoint({}, {})).toBeUndefined();
  });

  it("is another one from this machine where AWS_ENDPOINT_URL_S3 names it: pods have the settings'", async () => {
    const env = { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:40123", AWS_ENDPOINT_URL: "http://other:1" };
    expect(await endpoint(keys, env)).toBe("http://127.0.0.1:40123");
    expect(await endpoint({}, env)).toBe("http://127.0.0.1:40123");
  });

  it("is AWS_ENDPOINT_URL's, which is meant for every service, only where nothing else is said", async () => {
    const env = { AWS_ENDPOINT_URL: "http://127.0.0.1:40123" };
    expect(await endpoint(keys, env)).toBe("http://minio.models:9000");
    expect(await endpoint({}, env)).toBe("http://127.0.0.1:40123");
  });
});
