import { createHash, randomUUID } from "node:crypto";
import { type GcsAttempt, type GcsContext, GcsRefusal, gcsFailure, isGcsTransient } from "./gcs-failure.ts";
import { withRetries } from "./retry.ts";

/** One request; parts are small enough for any connection. */
const REQUEST_MS = 300_000;

/** An object of Google's store. */
export interface GcsObject {
  readonly name: string;
  readonly sizeBytes: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** In hexadecimal; undefined of one that was composed. */
  readonly md5: string | undefined;
}

interface ObjectAnswer {
  readonly name?: string;
  readonly size?: string;
  readonly md5Hash?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Call {
  readonly method: string;
  /** After the endpoint. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body?: string | Buffer<ArrayBuffer>;
  readonly mostTries?: number;
}

/** The calls of Google's JSON API that an upload takes. */
export class GcsClient {
  readonly #bucket: string;
  readonly #context: GcsContext;
  /** The Authorization header. */
  readonly #authorize: () => Promise<Record<string, string>>;

  constructor(bucket: string, context: GcsContext, authorize: () => Promise<Record<string, string>>) {
    this.#bucket = bucket;
    this.#context = context;
    this.#authorize = authorize;
  }

  /** Every object whose name begins so. */
  async list(prefix: string, signal: AbortSignal, mostTries?: number): Promise<readonly GcsObject[]> {
    const objects: GcsObject[] = [];
    let after: string | undefined;
    do {
      const query = {
        prefix,
        fields: "items(name,size,md5Hash,metadata),nextPageToken",
        ...(after !== undefined && { pageToken: after }),
      };
      const call = {
        method: "GET",
        path: this.#path(),
        query,
        ...(mostTries !== undefined && { mostTries }),
      };
      const response = await this.#call({ permission: "storage.objects.list" }, call, signal);
      const page = (await response.json()) as { items?: ObjectAnswer[]; nextPageToken?: string };
      for (const { name, size, md5Hash, metadata = {} } of page.items ?? []) {
        const md5 = md5Hash === undefined ? undefined : Buffer.from(md5Hash, "base64").toString("hex");
        if (name !== undefined) objects.push({ name, sizeBytes: Number(size ?? 0), metadata, md5 });
      }
      after = page.nextPageToken;
    } while (after !== undefined && after !== "");
    return objects;
  }

  /** Stores an object; Google compares its MD5 with what it got. */
  async insert(
    name: string,
    bytes: Buffer,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const md5Hash = createHash("md5").update(bytes).digest("base64");
    const boundary = randomUUID();
    const head =
      `--${boundary}\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ name, md5Hash, metadata })}\r\n` +
      `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    const call = {
      method: "POST",
      path: `/upload${this.#path()}`,
      query: { uploadType: "multipart", fields: "name" },
      type: `multipart/related; boundary=${boundary}`,
      body,
    };
    await this.#call({ permission: "storage.objects.create", object: name }, call, signal);
  }

  /** Makes an object of others, at most 32. */
  async compose(
    name: string,
    sources: readonly string[],
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const sourceObjects = sources.map((source) => ({ name: source }));
    const destination = { contentType: "application/octet-stream", metadata };
    const call = {
      method: "POST",
      path: `${this.#path(name)}/compose`,
      type: "application/json",
      body: JSON.stringify({ sourceObjects, destination }),
    };
    await this.#call({ permission: "storage.objects.create", object: name }, call, signal);
  }

  async delete(name: string, signal: AbortSignal): Promise<void> {
    const call = { method: "DELETE", path: this.#path(name) };
    await this.#call({ permission: "storage.objects.delete", object: name }, call, signal);
  }

  #path(name?: string): string {
    const objects = `/storage/v1/b/${encodeURIComponent(this.#bucket)}/o`;
    return name === undefined ? objects : `${objects}/${encodeURIComponent(name)}`;
  }

  async #call(attempt: Omit<GcsAttempt, "bucket">, call: Call, signal: AbortSignal): Promise<Response> {
    const { mostTries } = call;
    const retries = { isTransient: isGcsTransient, signal, ...(mostTries !== undefined && { mostTries }) };
    try {
      return await withRetries(() => this.#send(call, signal), retries);
    } catch (error) {
      signal.throwIfAborted();
      throw gcsFailure(error, { ...attempt, bucket: this.#bucket }, this.#context);
    }
  }

  async #send({ method, path, query = {}, type, body }: Call, signal: AbortSignal): Promise<Response> {
    const url = new URL(this.#context.endpoint + path);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const response = await fetch(url, {
      method,
      headers: { ...(await this.#authorize()), ...(type !== undefined && { "content-type": type }) },
      ...(body !== undefined && { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
    });
    // The body is read here, so that a connection that ends in the middle of it is tried again.
    const text = await response.text();
    if (!response.ok) throw new GcsRefusal(response.status, words(text));
    return new Response(text === "" ? null : text);
  }
}

/** What a refusal says, in Google's JSON or as the first line of a text. */
function words(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } };
    if (typeof error?.message === "string") return error.message;
  } catch {
    // No JSON.
  }
  return text.trim().split("\n", 1)[0]?.slice(0, 300) ?? "";
}
