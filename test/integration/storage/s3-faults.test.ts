import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, afterAll, describe, expect, it } from "vitest";
import { isKtsError } from "../../../contract/errors.ts";
import { type OpenStoreOptions } from "../../../deployer/storage/open-options.ts";
import { openStore } from "../../../deployer/storage/open-store.ts";
import { uploadModel } from "../../../deployer/storage/upload.ts";
import { run } from "../grpc/tools.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import { s3Secret } from "./kinds.ts";
import { modelOf, someBytes } from "./models.ts";
import { type StoreServer, startS3 } from "./servers.ts";

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;

type Access = Pick<OpenStoreOptions, "secret" | "env">;

async function upload(access: Access) {
  await using store = await openStore("s3://models/faults", { ...access, signal });
  return uploadModel(await modelOf({ "a.bin": someBytes(100) }), store, { name: "fault", signal });
}

async function failureOf(access: Access) {
  try {
    await upload(access);
  } catch (error) {
    if (isKtsError(error)) return error;
    throw error;
  }
  throw new Error("the upload succeeded");
}

describe("an S3 store that refuses", () => {
  let server: StoreServer;
  beforeAll(async () => {
    server = await startS3();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it("is told by an unknown access key", async () => {
    const failure = await failureOf(s3Secret(server.port, { aws_access_key_id: "somebody-else" }));
    expect(failure).toMatchObject({ code: "KTS_STORE_DENIED" });
    expect(failure.message).toMatch(/does not know the access key/);
    expect(failure.hint).toMatch(/aws_access_key_id of deploy\.secret/);
  });

  it("is told by a secret key of another", async () => {
    const failure = await failureOf(s3Secret(server.port, { aws_secret_access_key: "not-the-key" }));
    expect(failure.message).toMatch(/refuses the secret access key: SignatureDoesNotMatch/);
  });

  it("names the region that is right", async () => {
    const failure = await failureOf(s3Secret(server.port, { s3_region: "eu-west-3" }));
    expect(failure.message).toMatch(/not in the region eu-west-3 but in us-east-1/);
    expect(failure.hint).toMatch(/s3_region: us-east-1/);
  });

  it("is asked for HTTPS where it speaks HTTP", async () => {
    const failure = await failureOf(
      s3Secret(server.port, { s3_endpoint: `https://127.0.0.1:${server.port}` }),
    );
    expect(failure).toMatchObject({ code: "KTS_STORE_UNREACHABLE" });
    expect(failure.message).toMatch(/does not speak TLS/);
    expect(failure.hint).toMatch(/s3_use_https/);
  });

  it("is told by a host that is not known", async () => {
    const failure = await failureOf(s3Secret(server.port, { s3_endpoint: "http://store.invalid:9000" }));
    expect(failure.message).toMatch(/store\.invalid:9000: its host name/);
  });

  describe("the time", () => {
    const { now } = Date;
    afterEach(() => {
      Date.now = now;
    });

    it("is taken from the store where this machine's clock is an hour wrong", async () => {
      Date.now = () => now() + HOUR_MS;
      expect(await upload(s3Secret(server.port))).toMatchObject({ files: [{ path: "a.bin" }] });
    });

    it("is said to be wrong, and by how much, where following the store's does not help", async () => {
      await using proxy = await startCuttingProxy(server.port);
      // A store whose own answers say another time than the one it checks by.
      proxy.rewriteAnswers((text) =>
        text
          .replaceAll(/\r\nDate: [^\r]*/gi, `\r\nDate: ${new Date(now() - HOUR_MS).toUTCString()}`)
          .replaceAll(
            /<ServerTime>[^<]*/g,
            `<ServerTime>${new Date(now() - HOUR_MS).toISOString().slice(0, 19)}Z`,
          ),
      );
      Date.now = () => now() + HOUR_MS;
      const failure = await failureOf(s3Secret(proxy.port));
      expect(failure).toMatchObject({ code: "KTS_STORE_DENIED" });
      expect(failure.message).toMatch(/clock is 2 hours ahead of the store's|clock is 120 minutes ahead/);
      expect(failure.hint).toMatch(/timedatectl/);
    });
  });
});

describe("an S3 store with a certificate of its own", () => {
  let server: StoreServer;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kserve-ts-cert-"));
    const tls = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    const made = ["-newkey", "rsa:2048", "-nodes", "-keyout", tls.key, "-out", tls.cert, "-days", "2"];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const { code, stderr } = await run("openssl", ["req", "-x509", ...made, ...subject]);
    if (code !== 0) throw new Error(stderr);
    server = await startS3(tls);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const access = (more: Readonly<Record<string, string>> = {}) =>
    s3Secret(server.port, { s3_endpoint: `https://127.0.0.1:${server.port}`, ...more });

  it("is not trusted, and the hint says what helps", async () => {
    const failure = await failureOf(access());
    expect(failure).toMatchObject({ code: "KTS_STORE_UNREACHABLE" });
    expect(failure.message).toMatch(/signed by nobody that this machine trusts/);
    expect(failure.hint).toMatch(/NODE_EXTRA_CA_CERTS.*s3_verify_ssl: false/);
  });

  it("is used with s3_verify_ssl off, or by the certificate in AWS_CA_BUNDLE", async () => {
    expect(await upload(access({ s3_verify_ssl: "false" }))).toMatchObject({ uploadedBytes: 100 });
    const trusting = { ...access(), env: { AWS_CA_BUNDLE: join(folder, "cert.pem") } };
    expect(await upload(trusting)).toMatchObject({ uploadedBytes: 0, skippedBytes: 100 });
  });

  it("is asked for plain HTTP where it speaks HTTPS", async () => {
    const failure = await failureOf(access({ s3_endpoint: `http://127.0.0.1:${server.port}` }));
    expect(failure).toMatchObject({ code: "KTS_STORE_UNREACHABLE" });
    expect(failure.hint).toMatch(/s3_use_https/);
  });
});
