import type * as Sdk from "@azure/storage-blob";
import { createHash } from "node:crypto";
import { KtsError } from "../../contract/errors.ts";
import { type AzureAccess, azureAccess } from "./azure-credentials.ts";
import { type AzureAttempt, type AzureContext, azureFailure, isAzureTransient } from "./azure-failure.ts";
import { DEFAULT_MAX_REQUESTS, type OpenStoreOptions } from "./open-options.ts";
import { optionalPackage } from "./optional-package.ts";
import { type Part, partSize, sendParts } from "./parts.ts";
import { joinPath } from "./place.ts";
import { redactor } from "./redact.ts";
import { LIST_TRIES, withRetries } from "./retry.ts";
import { Slots } from "./slots.ts";
import type { ModelStore, StoredFile, Upload } from "./store.ts";

const LIMITS = { maxParts: 50_000, maxPartBytes: 4000 * 2 ** 20 };
/** Its keys are identifiers of C#. */
const DIGEST_KEY = "kserve_ts_sha256";

/**
 * Opens a container of Azure's Blob Storage.
 * @param uri `https://<account>.blob.core.windows.net/<container>/<path>`. The address itself may be another, Azurite's
 *   for one: `BlobEndpoint` of AZURE_STORAGE_CONNECTION_STRING, where that is of the same account
 * @throws KtsError KTS_PACKAGE_MISSING or KTS_CONFIG_INVALID
 */
export async function openAzureStore(uri: string, options: OpenStoreOptions): Promise<ModelStore> {
  const { host, pathname } = new URL(uri);
  const [account = ""] = host.split(".");
  const [container = "", ...path] = decodeURIComponent(pathname).slice(1).split("/");
  if (container === "") {
    throw new KtsError(
      "KTS_CONFIG_INVALID",
      `store: expected a container, as in https://${host}/<container>/<path>`,
    );
  }
  const name = "@azure/storage-blob";
  const sdk = await optionalPackage(() => import("@azure/storage-blob"), [name], "A store of Azure");
  const access = await azureAccess(account, options);
  const context: AzureContext = {
    endpoint: access.endpoint ?? `https://${host}`,
    source: access.source,
    hide: redactor(access.secrets),
  };
  const place = { account, host, container, prefix: joinPath(...path) };
  return new AzureStore(containerClient(sdk, container, account, context, access), place, context, options);
}

function containerClient(
  sdk: typeof Sdk,
  container: string,
  account: string,
  { endpoint }: AzureContext,
  { credentials, source }: AzureAccess,
): Sdk.ContainerClient {
  const url = `${endpoint}/${container}`;
  // Requests are tried again by our own rules, which end with the caller's signal.
  const settings = { retryOptions: { maxTries: 1 } };
  switch (credentials.kind) {
    case "sas":
      return new sdk.ContainerClient(`${url}?${credentials.token}`, new sdk.AnonymousCredential(), settings);
    case "token":
      return new sdk.ContainerClient(url, credentials.credential, settings);
    case "key":
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials.key)) {
        throw new KtsError("KTS_CONFIG_INVALID", `${source}: expected a key in base64`);
      }
      return new sdk.ContainerClient(
        url,
        new sdk.StorageSharedKeyCredential(account, credentials.key),
        settings,
      );
  }
}

interface AzurePlace {
  readonly account: string;
  readonly host: string;
  readonly container: string;
  readonly prefix: string;
}

class AzureStore implements ModelStore {
  readonly #client: Sdk.ContainerClient;
  readonly #place: AzurePlace;
  readonly #context: AzureContext;
  readonly #slots: Slots;

  constructor(
    client: Sdk.ContainerClient,
    place: AzurePlace,
    context: AzureContext,
    { maxRequests = DEFAULT_MAX_REQUESTS }: OpenStoreOptions,
  ) {
    this.#client = client;
    this.#place = place;
    this.#context = context;
    this.#slots = new Slots(maxRequests);
  }

  uri(path: string): string {
    const { host, container, prefix } = this.#place;
    return `https://${host}/${joinPath(container, prefix, path)}`;
  }

  async list(path: string, signal: AbortSignal): Promise<ReadonlyMap<string, StoredFile>> {
    const { prefix } = this.#place;
    const base = joinPath(prefix, path);
    const skipped = prefix === "" ? 0 : prefix.length + 1;
    const read = async (abortSignal: AbortSignal): Promise<ReadonlyMap<string, StoredFile>> => {
      const files = new Map<string, StoredFile>();
      const options = { prefix: base === "" ? "" : `${base}/`, includeMetadata: true, abortSignal };
      for await (const { name, properties, metadata } of this.#client.listBlobsFlat(options)) {
        if (name.endsWith("/")) continue;
        const sha256 = metadata?.[DIGEST_KEY];
        const file = { sizeBytes: properties.contentLength ?? 0, ...(sha256 !== undefined && { sha256 }) };
        files.set(name.slice(skipped), file);
      }
      return files;
    };
    return this.#try({ action: "list blobs" }, signal, read, LIST_TRIES);
  }

  /** Blocks that an earlier attempt left are told by their ids, which are made of their content. */
  async put(upload: Upload): Promise<void> {
    const { content, sha256, signal } = upload;
    const name = joinPath(this.#place.prefix, upload.path);
    const blob = this.#client.getBlockBlobClient(name);
    const partBytes = partSize(content.sizeBytes, LIMITS);
    const found = content.sizeBytes > partBytes ? await this.#uncommitted(blob, name, signal) : new Map();
    const ids: string[] = [];
    const send = async ({ index, bytes }: Part, either: AbortSignal): Promise<void> => {
      const md5 = createHash("md5").update(bytes).digest();
      const id = blockId(index, md5);
      ids[index] = id;
      const isThere = found.get(id) === bytes.length;
      if (!isThere) {
        await this.#try({ action: "write a blob", blob: name }, either, (abortSignal) =>
          blob.stageBlock(id, bytes, bytes.length, { transactionalContentMD5: md5, abortSignal }),
        );
      }
      upload.onBytes(bytes.length, isThere);
    };
    await sendParts(upload, { partBytes, slots: this.#slots, send });
    await this.#try({ action: "write a blob", blob: name }, signal, (abortSignal) =>
      blob.commitBlockList(ids, { metadata: { [DIGEST_KEY]: sha256 }, abortSignal }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #uncommitted(
    blob: Sdk.BlockBlobClient,
    name: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    return this.#try({ action: "read a blob", blob: name }, signal, async (abortSignal) => {
      try {
        const list = await blob.getBlockList("uncommitted", { abortSignal });
        return new Map(list.uncommittedBlocks?.map(({ name: id, size }) => [id, size]));
      } catch (error) {
        if ((error as { code?: string }).code === "BlobNotFound") return new Map<string, number>();
        throw error;
      }
    });
  }

  async #try<T>(
    attempt: Omit<AzureAttempt, "account" | "container">,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<T>,
    mostTries?: number,
  ): Promise<T> {
    const retries = { isTransient: isAzureTransient, signal, ...(mostTries !== undefined && { mostTries }) };
    try {
      return await withRetries(() => send(signal), retries);
    } catch (error) {
      signal.throwIfAborted();
      const { account, container } = this.#place;
      throw azureFailure(error, { ...attempt, account, container }, this.#context);
    }
  }
}

/** All ids of a blob are equally long. */
function blockId(index: number, md5: Buffer): string {
  return Buffer.from(`${String(index).padStart(6, "0")}-${md5.toString("hex")}`).toString("base64");
}
