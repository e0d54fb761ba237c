import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import type { OpenStoreOptions } from "../../../deployer/storage/open-options.ts";
import { secretOf } from "./models.ts";
import { AZURITE, S3_KEYS, type StoreServer, startAzurite, startGcs, startS3 } from "./servers.ts";

type Access = Pick<OpenStoreOptions, "secret" | "env">;

/** A kind of store: its server, and how it is seen without our code. */
export interface StoreKind {
  readonly name: string;
  start(): Promise<StoreServer>;
  uri(bucket: string): string;
  /** Credentials for the server behind a port. */
  access(port: number): Access;
  /** Credentials that are not right; undefined where the server does not look at them. */
  wrongAccess?(port: number): Access;
  /** Texts that no message may show. */
  readonly secrets: readonly string[];
  /** An object of the bucket `models`; undefined where there is none. */
  read(port: number, key: string): Promise<Buffer | undefined>;
  write(port: number, key: string, bytes: Buffer): Promise<void>;
}

function s3(port: number): S3Client {
  return new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: S3_KEYS.id, secretAccessKey: S3_KEYS.key },
  });
}

/** Credentials for an S3 server. */
export function s3Secret(port: number, more: Readonly<Record<string, string>> = {}): Access {
  const values = { aws_access_key_id: S3_KEYS.id, aws_secret_access_key: S3_KEYS.key };
  return { secret: secretOf({ ...values, s3_endpoint: `http://127.0.0.1:${port}`, ...more }), env: {} };
}

const S3: StoreKind = {
  name: "S3",
  start: () => startS3(),
  uri: (bucket) => `s3://${bucket}/team`,
  access: (port) => s3Secret(port),
  wrongAccess: (port) => s3Secret(port, { aws_secret_access_key: "wrong-secret-key-42" }),
  secrets: [S3_KEYS.key, S3_KEYS.id, "wrong-secret-key-42"],
  async read(port, key) {
    try {
      const { Body: body } = await s3(port).send(new GetObjectCommand({ Bucket: "models", Key: key }));
      return Buffer.from((await body?.transformToByteArray()) ?? []);
    } catch (error) {
      if ((error as Error).name === "NoSuchKey") return undefined;
      throw error;
    }
  },
  async write(port, key, bytes) {
    await s3(port).send(new PutObjectCommand({ Bucket: "models", Key: key, Body: bytes }));
  },
};

const GCS: StoreKind = {
  name: "Google Cloud Storage",
  start: startGcs,
  uri: (bucket) => `gs://${bucket}/team`,
  access: (port) => ({ env: { STORAGE_EMULATOR_HOST: `http://127.0.0.1:${port}` } }),
  secrets: [],
  async read(port, key) {
    const path = `/storage/v1/b/models/o/${encodeURIComponent(key)}?alt=media`;
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return response.ok ? Buffer.from(await response.arrayBuffer()) : undefined;
  },
  async write(port, key, bytes) {
    const query = `uploadType=media&name=${encodeURIComponent(key)}`;
    const body = new Uint8Array(bytes);
    await fetch(`http://127.0.0.1:${port}/upload/storage/v1/b/models/o?${query}`, { method: "POST", body });
  },
};

function azureContainer(port: number): ContainerClient {
  const credential = new StorageSharedKeyCredential(AZURITE.account, AZURITE.key);
  return new ContainerClient(`http://127.0.0.1:${port}/${AZURITE.account}/models`, credential);
}

function azureAccess(port: number, key: string): Access {
  const endpoint = `http://127.0.0.1:${port}/${AZURITE.account}`;
  const env = {
    AZURE_STORAGE_CONNECTION_STRING: `AccountName=${AZURITE.account};AccountKey=${key};BlobEndpoint=${endpoint}`,
  };
  return { env };
}

const WRONG_AZURE_KEY = Buffer.from("a key of another account").toString("base64");

const AZURE: StoreKind = {
  name: "Azure Blob Storage",
  async start() {
    const server = await startAzurite();
    await azureContainer(server.port).create();
    return server;
  },
  uri: (bucket) => `https://${AZURITE.account}.blob.core.windows.net/${bucket}/team`,
  access: (port) => azureAccess(port, AZURITE.key),
  wrongAccess: (port) => azureAccess(port, WRONG_AZURE_KEY),
  secrets: [AZURITE.key, WRONG_AZURE_KEY],
  async read(port, key) {
    const blob = azureContainer(port).getBlobClient(key);
    return (await blob.exists()) ? await blob.downloadToBuffer() : undefined;
  },
  async write(port, key, bytes) {
    await azureContainer(port).getBlockBlobClient(key).upload(bytes, bytes.length);
  },
};

export const KINDS: readonly StoreKind[] = [S3, GCS, AZURE];
