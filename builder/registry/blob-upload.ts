import { KtsError } from "../../contract/errors.ts";
import { repositoryScope } from "./authorizer.ts";
import { retryAfterMs } from "./pause.ts";
import { refused, unusable } from "./registry-error.ts";
import { type RegistryHttp, isTransient } from "./registry-http.ts";

/** Bytes to be sent, which can be read again from anywhere in them. */
export interface BlobSource {
  readonly digest: string;
  readonly size: number;
  /** The bytes from `start` up to but without `end`. */
  open(start: number, end: number): AsyncIterable<Uint8Array>;
}

/** Where a blob goes, and how. */
export interface BlobUpload {
  readonly http: RegistryHttp;
  readonly repository: string;
  readonly signal: AbortSignal;
  /** Another repository of the registry that may have the blob. */
  readonly mountFrom?: string | undefined;
  /** Called with the bytes sent so far. After a break it may go back. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Larger blobs are sent in pieces of this many bytes. Default: in one, unless the registry wants pieces. */
  readonly chunkBytes?: number | undefined;
}

/** How a blob came to be in the repository. */
export type BlobOutcome = "there" | "mounted" | "sent";

/** Up to this size a blob goes out with the request that ends the upload; a break then costs little. */
const ONE_REQUEST_BYTES = 1_048_576;
/** What a proxy that refuses a large body is then sent. Docker Hub's and Cloudflare's limits are above it. */
const FALLBACK_CHUNK_BYTES = 33_554_432;

/**
 * Brings a blob into a repository: not at all where it is there, by a mount where another repository has it, else by
 * an upload, which goes on where it broke off if the registry knows how far it came.
 * @throws KtsError KTS_PUSH_FAILED, KTS_REGISTRY_DENIED, KTS_REGISTRY_UNREACHABLE
 */
export async function uploadBlob(blob: BlobSource, upload: BlobUpload): Promise<BlobOutcome> {
  if (await hasBlob(blob.digest, upload)) return "there";
  return new Uploading(blob, upload).run();
}

/** Whether a repository has a blob. */
export async function hasBlob(
  digest: string,
  { http, repository, signal }: Pick<BlobUpload, "http" | "repository" | "signal">,
): Promise<boolean> {
  const response = await http.send({
    method: "HEAD",
    url: `/v2/${repository}/blobs/${digest}`,
    scopes: [repositoryScope(repository, "push")],
    signal,
  });
  await response.body?.cancel();
  if (response.ok) return true;
  if (response.status === 404) return false;
  throw await refused(response, http.registry, "push", repository);
}

/** One upload from the first request to the last. */
class Uploading {
  readonly #blob: BlobSource;
  readonly #upload: BlobUpload;
  readonly #scopes: readonly string[];
  #chunkBytes: number;
  #failures = 0;
  /** What reading the blob's own bytes threw, which no other try mends. */
  #unreadable: unknown;

  constructor(blob: BlobSource, upload: BlobUpload) {
    this.#blob = blob;
    this.#upload = upload;
    this.#scopes = [repositoryScope(upload.repository, "push")];
    this.#chunkBytes = upload.chunkBytes ?? Infinity;
  }

  async run(): Promise<BlobOutcome> {
    const { mountFrom } = this.#upload;
    for (let from = mountFrom; ; from = undefined) {
      const begun = await this.#begin(from);
      if (begun === "mounted") return begun;
      if (await this.#send(begun)) return "sent";
    }
  }

  /** Begins an upload. @returns where to send the bytes */
  async #begin(mountFrom: string | undefined): Promise<string | "mounted"> {
    const { http, repository, signal } = this.#upload;
    const query =
      mountFrom === undefined ? "" : `?${new URLSearchParams({ mount: this.#blob.digest, from: mountFrom })}`;
    const alsoFrom = mountFrom === undefined ? [] : [repositoryScope(mountFrom, "pull")];
    const response = await http.send({
      method: "POST",
      url: `/v2/${repository}/blobs/uploads/${query}`,
      scopes: [...this.#scopes, ...alsoFrom],
      signal,
      body: { bytes: 0, open: () => new Uint8Array(0) },
    });
    if (response.status === 201) {
      await response.body?.cancel();
      return "mounted";
    }
    // Who may not read the other repository can still send the bytes.
    if (!response.ok && mountFrom !== undefined) return this.#begin(undefined);
    if (!response.ok) throw await refused(response, http.registry, "push", repository);
    this.#takeMinimum(response);
    return this.#location(response);
  }

  /** Sends what is missing until all is there. @returns false where it has to begin again */
  async #send(begun: string): Promise<boolean> {
    let location = begun;
    let offset = 0;
    for (;;) {
      const step = await this.#step(location, offset);
      if (step.kind === "done") return true;
      if (step.kind === "next") {
        this.#failures = 0;
        ({ location, offset } = step);
        continue;
      }
      await this.#restAfter(step);
      const resumed = await this.#progress(location, offset);
      if (resumed === undefined) return false;
      ({ location, offset } = resumed);
    }
  }

  /** Sends one request: a piece, or the one that ends the upload with what is left. */
  async #step(location: string, offset: number): Promise<Step> {
    const { size, digest } = this.#blob;
    const { http, repository } = this.#upload;
    const left = size - offset;
    const isLast = left <= Math.min(ONE_REQUEST_BYTES, this.#chunkBytes);
    const end = isLast ? size : Math.min(size, offset + this.#chunkBytes);
    let response: Response;
    try {
      response = isLast
        ? await this.#request("PUT", withQuery(location, digest), offset, end)
        : await this.#request("PATCH", location, offset, end);
    } catch (error) {
      if (this.#unreadable !== undefined) throw this.#unreadable;
      const isLost = error instanceof KtsError && error.code === "KTS_REGISTRY_UNREACHABLE";
      if (!isLost) throw error;
      return { kind: "broken", error, askedMs: undefined };
    }
    const { status } = response;
    if (response.ok) {
      await response.body?.cancel();
      if (isLast) return { kind: "done" };
      this.#takeMinimum(response);
      return {
        kind: "next",
        location: this.#location(response, location),
        offset: rangeEnd(response) ?? end,
      };
    }
    const askedMs = retryAfterMs(response.headers.get("retry-after"));
    const error = await refused(response, http.registry, "push", repository);
    if (status === 413 && end - offset > FALLBACK_CHUNK_BYTES) {
      this.#chunkBytes = FALLBACK_CHUNK_BYTES;
      return { kind: "broken", error, askedMs: 0 };
    }
    // 404: the upload has ended over there. 416: what came is not what we think.
    const mayPass = isTransient(status) || status === 404 || status === 416;
    if (!mayPass || askedMs === Infinity) throw error;
    return { kind: "broken", error, askedMs };
  }

  async #request(method: "PUT" | "PATCH", url: string, start: number, end: number): Promise<Response> {
    const { http, signal, onBytes } = this.#upload;
    // The one that ends an upload has no range where it is the only one, and none where nothing is left.
    const range =
      start === end || (method === "PUT" && start === 0) ? {} : { "content-range": `${start}-${end - 1}` };
    const open = () => this.#counted(this.#blob.open(start, end), start, onBytes);
    return http.once({
      method,
      url,
      scopes: this.#scopes,
      signal,
      headers: { "content-type": "application/octet-stream", ...range },
      body: { bytes: end - start, open: start === end ? () => new Uint8Array(0) : open },
    });
  }

  async *#counted(
    chunks: AsyncIterable<Uint8Array>,
    start: number,
    onBytes: ((bytes: number) => void) | undefined,
  ): AsyncIterable<Uint8Array> {
    let bytes = start;
    try {
      for await (const chunk of chunks) {
        yield chunk;
        bytes += chunk.length;
        onBytes?.(bytes);
      }
    } catch (error) {
      this.#unreadable = error;
      throw error;
    }
  }

  async #restAfter({ error, askedMs }: Broken): Promise<void> {
    const { http, signal } = this.#upload;
    this.#failures++;
    if (this.#failures >= http.tries) throw pushFailed(error, http.registry);
    await http.rest(this.#failures, askedMs, signal);
  }

  /** How far an upload came. @returns undefined where the registry does not know it any more */
  async #progress(
    location: string,
    offset: number,
  ): Promise<{ location: string; offset: number } | undefined> {
    const { http, signal, onBytes } = this.#upload;
    const response = await http.send({ method: "GET", url: location, scopes: this.#scopes, signal });
    await response.body?.cancel();
    if (!response.ok) return undefined;
    const came = rangeEnd(response) ?? 0;
    if (came > this.#blob.size || came < offset) return undefined;
    onBytes?.(came);
    return { location: this.#location(response, location), offset: came };
  }

  /** The address that the next request goes to. A query that a registry put there is its memory. */
  #location(response: Response, otherwise?: string): string {
    const location = response.headers.get("location") ?? otherwise;
    if (location === undefined)
      throw unusable(this.#upload.http.registry, "an upload without an address for it");
    return this.#upload.http.absolute(location);
  }

  #takeMinimum(response: Response): void {
    const least = Number(response.headers.get("oci-chunk-min-length") ?? 0);
    if (least > this.#chunkBytes) this.#chunkBytes = least;
  }
}

type Step =
  | { readonly kind: "done" }
  | { readonly kind: "next"; readonly location: string; readonly offset: number }
  | Broken;

interface Broken {
  readonly kind: "broken";
  readonly error: unknown;
  /** What the registry asked to wait. */
  readonly askedMs: number | undefined;
}

/** `Range: 0-99` says that 100 bytes are there. A registry that has none says `0-0`, as for one byte. */
function rangeEnd(response: Response): number | undefined {
  const last = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get("range") ?? "")?.[1];
  if (last === undefined) return undefined;
  return last === "0" ? 0 : Number(last) + 1;
}

function withQuery(location: string, digest: string): string {
  const url = new URL(location);
  url.searchParams.set("digest", digest);
  return url.href;
}

function pushFailed(error: unknown, registry: string): unknown {
  if (!(error instanceof KtsError) || error.code !== "KTS_REGISTRY_UNREACHABLE") return error;
  return new KtsError("KTS_PUSH_FAILED", `The push to ${registry} broke off. ${error.message}`, {
    cause: error,
  });
}
