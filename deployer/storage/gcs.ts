import { createHash } from "node:crypto";
import { KtsError } from "../../contract/errors.ts";
import { GcsClient } from "./gcs-client.ts";
import { DEFAULT_MAX_REQUESTS, type OpenStoreOptions } from "./open-options.ts";
import { optionalPackage } from "./optional-package.ts";
import { type Part, partSize, sendParts, wholeContent } from "./parts.ts";
import { type Place, joinPath, placeOf } from "./place.ts";
import { redactor } from "./redact.ts";
import { LIST_TRIES } from "./retry.ts";
import { Slots, forEachAtOnce } from "./slots.ts";
import type { ModelStore, StoredFile, Upload } from "./store.ts";

const LIMITS = { maxParts: 10_000, maxPartBytes: 2 ** 30 };
const MOST_SOURCES = 32;
const DIGEST_KEY = "kserve-ts-sha256";
/** Where parts lie until they are one: beside the models' folders, so that KServe never sees them. */
const PARTS_FOLDER = ".kserve-ts-parts";
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

/**
 * Opens a bucket of Google Cloud Storage.
 * @param uri `gs://bucket/path`
 * @throws KtsError KTS_PACKAGE_MISSING or KTS_CONFIG_INVALID
 */
export async function openGcsStore(uri: string, options: OpenStoreOptions): Promise<ModelStore> {
  const place = placeOf(uri);
  const { env, secret = {} } = options;
  const emulator = env["STORAGE_EMULATOR_HOST"];
  const json = secret["google_application_credentials"]?.reveal();
  const keyFile = env["GOOGLE_APPLICATION_CREDENTIALS"];
  const context = {
    endpoint: emulator ? withScheme(emulator) : "https://storage.googleapis.com",
    source:
      json !== undefined
        ? "google_application_credentials of deploy.secret"
        : keyFile
          ? "GOOGLE_APPLICATION_CREDENTIALS of the environment"
          : "Google's own chain (gcloud auth application-default login, the machine's identity)",
    hide: redactor(json === undefined ? [] : secretTexts(parseKey(json))),
  };
  if (emulator) return new GcsStore(new GcsClient(place.bucket, context, async () => ({})), place, options);
  const name = "google-auth-library";
  const { GoogleAuth } = await optionalPackage(
    () => import("google-auth-library"),
    [name],
    "A store of gs://",
  );
  const auth = new GoogleAuth({
    scopes: SCOPE,
    ...(json !== undefined && { credentials: parseKey(json) }),
    ...(json === undefined && keyFile && { keyFilename: keyFile }),
  });
  const authorize = async (): Promise<Record<string, string>> => {
    const headers = await auth.getRequestHeaders();
    return Object.fromEntries(new Headers(headers));
  };
  return new GcsStore(new GcsClient(place.bucket, context, authorize), place, options);
}

class GcsStore implements ModelStore {
  readonly #client: GcsClient;
  readonly #place: Place;
  readonly #maxRequests: number;
  readonly #slots: Slots;

  constructor(client: GcsClient, place: Place, { maxRequests = DEFAULT_MAX_REQUESTS }: OpenStoreOptions) {
    this.#client = client;
    this.#place = place;
    this.#maxRequests = maxRequests;
    this.#slots = new Slots(maxRequests);
  }

  uri(path: string): string {
    return `gs://${joinPath(this.#place.bucket, this.#place.prefix, path)}`;
  }

  async list(path: string, signal: AbortSignal): Promise<ReadonlyMap<string, StoredFile>> {
    const base = joinPath(this.#place.prefix, path);
    const skipped = this.#place.prefix === "" ? 0 : this.#place.prefix.length + 1;
    const files = new Map<string, StoredFile>();
    for (const object of await this.#client.list(base === "" ? "" : `${base}/`, signal, LIST_TRIES)) {
      if (object.name.endsWith("/")) continue;
      const sha256 = object.metadata[DIGEST_KEY];
      const file = { sizeBytes: object.sizeBytes, ...(sha256 !== undefined && { sha256 }) };
      files.set(object.name.slice(skipped), file);
    }
    return files;
  }

  async put(upload: Upload): Promise<void> {
    const { sizeBytes } = upload.content;
    const partBytes = partSize(sizeBytes, LIMITS);
    if (sizeBytes > partBytes) return this.#putParts(upload, partBytes);
    await this.#slots.use(async () => {
      const bytes = await wholeContent(upload);
      await this.#client.insert(this.#name(upload), bytes, { [DIGEST_KEY]: upload.sha256 }, upload.signal);
    });
    upload.onBytes(sizeBytes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Parts are objects until they are composed; those that an earlier attempt left are taken by their MD5. */
  async #putParts(upload: Upload, partBytes: number): Promise<void> {
    const { sha256, signal } = upload;
    const folder = joinPath(this.#place.prefix, PARTS_FOLDER, `${sha256}-${partBytes}`);
    const found = new Map(
      (await this.#client.list(`${folder}/`, signal)).map(({ name, md5 }) => [name, md5]),
    );
    const names: string[] = [];
    const send = async ({ index, bytes }: Part, either: AbortSignal): Promise<void> => {
      const name = `${folder}/${String(index).padStart(5, "0")}`;
      names[index] = name;
      const there = found.get(name);
      const isThere = there !== undefined && there === createHash("md5").update(bytes).digest("hex");
      if (!isThere) await this.#client.insert(name, bytes, {}, either);
      upload.onBytes(bytes.length, isThere);
    };
    await sendParts(upload, { partBytes, slots: this.#slots, send });
    const made = await this.#compose(upload, folder, names);
    await this.#tidy([...new Set([...names, ...made, ...found.keys()])], signal);
  }

  /** Thirty-two make one, until all are one. */
  async #compose(upload: Upload, folder: string, names: readonly string[]): Promise<readonly string[]> {
    const { sha256, signal } = upload;
    const made: string[] = [];
    let level = names;
    for (let depth = 1; level.length > MOST_SOURCES; depth += 1) {
      const groups = Array.from({ length: Math.ceil(level.length / MOST_SOURCES) }, (_, index) => ({
        name: `${folder}/${depth}-${String(index).padStart(5, "0")}`,
        sources: level.slice(index * MOST_SOURCES, (index + 1) * MOST_SOURCES),
      }));
      await forEachAtOnce(groups, this.#maxRequests, signal, ({ name, sources }, either) =>
        this.#client.compose(name, sources, {}, either),
      );
      level = groups.map(({ name }) => name);
      made.push(...level);
    }
    await this.#client.compose(this.#name(upload), level, { [DIGEST_KEY]: sha256 }, signal);
    return made;
  }

  /** The model is whole: parts that may not be deleted (a bucket can forbid it for a while) are no failure. */
  async #tidy(names: readonly string[], signal: AbortSignal): Promise<void> {
    await forEachAtOnce(names, this.#maxRequests, signal, (name, either) =>
      this.#client.delete(name, either).catch((error: unknown) => {
        if (!(error instanceof KtsError)) throw error;
      }),
    );
  }

  #name({ path }: Upload): string {
    return joinPath(this.#place.prefix, path);
  }
}

function withScheme(host: string): string {
  return (/^https?:\/\//.test(host) ? host : `http://${host}`).replace(/\/+$/, "");
}

function parseKey(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // The parser's words would show the key.
  }
  throw new KtsError(
    "KTS_CONFIG_INVALID",
    "deploy.secret.google_application_credentials: expected the JSON of a service account, or @ and the path of its file",
  );
}

function secretTexts(key: Readonly<Record<string, unknown>>): readonly string[] {
  const names = ["private_key", "private_key_id", "client_secret", "refresh_token"];
  return names.flatMap((name) => (typeof key[name] === "string" ? [key[name]] : []));
}
