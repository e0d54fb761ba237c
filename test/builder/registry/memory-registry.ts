import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came. */
export interface Came {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

/** Looks at a request before the registry does. @returns true when it has answered, or cut the connection */
export type Hook = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface MemoryRegistryOptions {
  /** Whether it lists referrers by itself, as newer registries do. */
  readonly listsReferrers?: boolean;
}

interface Stored {
  readonly bytes: Buffer;
  readonly type: string;
}

/**
 * A registry by the letter of the OCI distribution specification 1.1, in memory: for what Debian's registry does not
 * have (uploads that go on in the middle of a piece, referrers), and for faults at a certain moment.
 */
export class MemoryRegistry implements AsyncDisposable {
  readonly came: Came[] = [];
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, Stored>();
  readonly uploads = new Map<string, Buffer>();
  /** Bytes of the next piece of an upload after which the connection is cut; it is whole again afterwards. */
  cutAfterBytes = Infinity;
  hook: Hook = () => false;
  readonly #options: MemoryRegistryOptions;
  readonly #server = createServer((request, response) => void this.#handle(request, response));

  private constructor(options: MemoryRegistryOptions) {
    this.#options = options;
  }

  static async start(options: MemoryRegistryOptions = {}): Promise<MemoryRegistry> {
    const registry = new MemoryRegistry(options);
    registry.#server.listen(0, "127.0.0.1");
    await once(registry.#server, "listening");
    return registry;
  }

  /** As in an image's name. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** `METHOD path` of every request, without what differs from run to run. */
  get asked(): readonly string[] {
    return this.came.map(
      ({ method, url }) => `${method} ${url.replace(/uploads\/[\w-]{36}/, "uploads/<id>")}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    this.came.push({ method, url, headers });
    request.on("error", () => undefined);
    if (await this.hook(request, response)) return;
    const { pathname, searchParams } = new URL(url, "http://registry");
    const [, repository = "", kind, name = ""] =
      /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests|referrers)\/(.*)$/.exec(pathname) ?? [];
    if (kind === "blobs/uploads") return this.#upload(request, response, repository, name, searchParams);
    if (kind === "blobs") return this.#blob(request, response, `${repository} ${name}`);
    if (kind === "manifests") return this.#manifest(request, response, repository, name);
    if (kind === "referrers" && this.#options.listsReferrers === true) return this.#referrers(response, name);
    answer(response, 404);
  }

  #blob(request: IncomingMessage, response: ServerResponse, key: string): void {
    const bytes = this.blobs.get(key);
    if (bytes === undefined) return refuse(response, 404, "BLOB_UNKNOWN", "blob unknown to registry");
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
    if (from === undefined) return answer(response, 200, { "content-length": bytes.length }, bytes);
    answer(
      response,
      206,
      { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` },
      bytes.subarray(Number(from)),
    );
  }

  async #manifest(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    name: string,
  ): Promise<void> {
    const key = `${repository} ${name}`;
    if (request.method === "PUT") {
      const bytes = await bodyOf(request);
      const stored = { bytes, type: request.headers["content-type"] ?? "" };
      this.manifests.set(key, stored);
      this.manifests.set(`${repository} ${digest(bytes)}`, stored);
      const { subject } = JSON.parse(bytes.toString()) as { subject?: { digest: string } };
      const lists = subject !== undefined && this.#options.listsReferrers === true;
      return answer(response, 201, lists ? { "oci-subject": subject.digest } : {});
    }
    const stored = this.manifests.get(key);
    if (stored === undefined) return refuse(response, 404, "MANIFEST_UNKNOWN", "manifest unknown");
    const { bytes, type } = stored;
    answer(
      response,
      200,
      { "content-type": type, "content-length": bytes.length, "docker-content-digest": digest(bytes) },
      bytes,
    );
  }

  #referrers(response: ServerResponse, subject: string): void {
    const manifests = [...new Set(this.manifests.values())].flatMap(({ bytes, type }) => {
      const { subject: its, artifactType } = JSON.parse(bytes.toString()) as Record<
        string,
        { digest?: string }
      >;
      if (its?.digest !== subject) return [];
      return [{ mediaType: type, digest: digest(bytes), size: bytes.length, artifactType }];
    });
    const type = "application/vnd.oci.image.index.v1+json";
    answer(
      response,
      200,
      { "content-type": type },
      Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })),
    );
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    id: string,
    query: URLSearchParams,
  ): Promise<void> {
    if (request.method === "POST") return this.#begin(request, response, repository, query);
    const before = this.uploads.get(id);
    if (before === undefined) return refuse(response, 404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown");
    const location = `/v2/${repository}/blobs/uploads/${id}`;
    if (request.method === "GET") {
      return answer(response, 204, { location, range: `0-${Math.max(0, before.length - 1)}` });
    }
    const start = /^(\d+)-\d+$/.exec(request.headers["content-range"] ?? "")?.[1];
    if (start !== undefined && Number(start) !== before.length) return answer(response, 416, { location });
    const chunks = [before];
    let came = 0;
    let isGone = false;
    try {
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
        came += (chunk as Buffer).length;
        if (came < this.cutAfterBytes) continue;
        this.cutAfterBytes = Infinity;
        isGone = true;
        request.socket.destroy();
        break;
      }
    } catch {
      isGone = true;
    }
    const bytes = Buffer.concat(chunks);
    this.uploads.set(id, bytes);
    // What came is kept.
    if (isGone) return;
    if (request.method === "PATCH")
      return answer(response, 202, { location, range: `0-${bytes.length - 1}` });
    this.uploads.delete(id);
    const wanted = query.get("digest") ?? "";
    if (digest(bytes) !== wanted)
      return refuse(response, 400, "DIGEST_INVALID", "provided digest did not match");
    this.blobs.set(`${repository} ${wanted}`, bytes);
    answer(response, 201, { location: `/v2/${repository}/blobs/${wanted}` });
  }

  async #begin(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    query: URLSearchParams,
  ): Promise<void> {
    await bodyOf(request);
    const mounted = this.blobs.get(`${query.get("from")} ${query.get("mount")}`);
    if (mounted !== undefined) {
      this.blobs.set(`${repository} ${query.get("mount")}`, mounted);
      return answer(response, 201);
    }
    const id = randomUUID();
    this.uploads.set(id, Buffer.alloc(0));
    answer(response, 202, { location: `/v2/${repository}/blobs/uploads/${id}`, range: "0-0" });
  }
}

export function answer(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | number>> = {},
  body?: Buffer,
): void {
  response.writeHead(status, headers);
  response.end(response.req.method === "HEAD" ? undefined : body);
}

/** Refuses in the specification's form. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message }] }));
  answer(response, status, { "content-type": "application/json" }, body);
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function digest(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
