import type { Readable } from "node:stream";
import { type Descriptor, type ImageIndex, MANIFEST_TYPES, MEDIA_TYPES, readDocument } from "../oci/spec.ts";
import { repositoryScope } from "./authorizer.ts";
import { openBlob } from "./blob-download.ts";
import { type BlobOutcome, type BlobSource, type BlobUpload, hasBlob, uploadBlob } from "./blob-upload.ts";
import { digestOf, isDigest } from "./digest.ts";
import { type ImageReference, formatReference, manifestName } from "./reference.ts";
import { type Purpose, readAtMost, refused, unusable } from "./registry-error.ts";
import { RegistryHttp, type RegistryOptions } from "./registry-http.ts";

/** A manifest or index as the registry has it. */
export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** A repository of a registry. An image's reference is one. */
export type Repository = Pick<ImageReference, "registry" | "repository">;

/** Larger ones are refused by registries, too. */
const MOST_MANIFEST_BYTES = 4_194_304;

/**
 * Speaks to registries by the OCI distribution protocol. One client for a whole command: it keeps the tokens.
 * Every method throws KtsError KTS_REGISTRY_UNREACHABLE, KTS_REGISTRY_DENIED, or the signal's reason.
 */
export class RegistryClient {
  readonly #options: RegistryOptions;
  readonly #registries = new Map<string, RegistryHttp>();

  constructor(options: RegistryOptions = {}) {
    this.#options = options;
  }

  /**
   * What a name stands for at the moment, without its contents.
   * @throws KtsError KTS_IMAGE_NOT_FOUND
   */
  async resolve(reference: ImageReference, signal: AbortSignal): Promise<Descriptor> {
    const response = await this.#ask("HEAD", reference, signal);
    await response.body?.cancel();
    const digest = response.headers.get("docker-content-digest") ?? reference.digest ?? "";
    const size = Number(response.headers.get("content-length") ?? NaN);
    const mediaType = mediaTypeOf(response);
    if (response.ok && isDigest(digest) && Number.isInteger(size) && mediaType !== undefined) {
      return { mediaType, digest, size };
    }
    // Not every registry answers HEAD, or says the digest: then the contents say both, or why there are none.
    return (await this.manifest(reference, signal)).descriptor;
  }

  /**
   * A manifest or index.
   * @throws KtsError KTS_IMAGE_NOT_FOUND
   */
  async manifest(reference: ImageReference, signal: AbortSignal): Promise<FetchedManifest> {
    const { registry } = reference;
    const response = await this.#ask("GET", reference, signal);
    if (!response.ok) throw await refused(response, registry, "pull", formatReference(reference));
    const bytes = await this.#read(response, registry, signal);
    const digest = digestOf(bytes);
    const promised = reference.digest ?? response.headers.get("docker-content-digest");
    if (promised !== null && isDigest(promised) && promised !== digest) {
      throw unusable(
        registry,
        `with bytes of ${digest} for ${formatReference(reference)}, which is ${promised}`,
      );
    }
    const mediaType = mediaTypeOf(response) ?? documentType(bytes);
    if (mediaType === undefined) {
      const type = response.headers.get("content-type") ?? "no type";
      throw unusable(
        registry,
        `with ${type} for ${formatReference(reference)}, which is no manifest of an image`,
      );
    }
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  }

  /**
   * Stores a manifest or index under the reference's tag, else its digest.
   * @returns whether the registry lists it among the referrers of its subject by itself
   * @throws KtsError KTS_PUSH_FAILED
   */
  async putManifest(
    reference: ImageReference,
    bytes: Uint8Array,
    mediaType: string,
    signal: AbortSignal,
  ): Promise<{ readonly digest: string; readonly listsSubject: boolean }> {
    const digest = digestOf(bytes);
    const name = reference.tag ?? digest;
    const http = this.http(reference.registry);
    const response = await http.send({
      method: "PUT",
      url: `/v2/${reference.repository}/manifests/${name}`,
      scopes: [repositoryScope(reference.repository, "push")],
      signal,
      headers: { "content-type": mediaType },
      body: { bytes: bytes.length, open: () => bytes },
    });
    if (!response.ok) throw await refused(response, http.registry, "push", formatReference(reference));
    await response.body?.cancel();
    return { digest, listsSubject: response.headers.has("oci-subject") };
  }

  /** Whether a repository has a blob. */
  async hasBlob({ registry, repository }: Repository, digest: string, signal: AbortSignal): Promise<boolean> {
    return hasBlob(digest, { http: this.http(registry), repository, signal });
  }

  /**
   * The bytes of a blob; the stream fails at its end where they are not those of the digest.
   * @throws KtsError KTS_IMAGE_NOT_FOUND
   */
  async openBlob(
    { registry, repository }: Repository,
    { digest, size }: { readonly digest: string; readonly size?: number },
    signal: AbortSignal,
  ): Promise<Readable> {
    return openBlob({ http: this.http(registry), repository, digest, size, signal });
  }

  /**
   * Brings a blob into a repository, unless it is there.
   * @throws KtsError KTS_PUSH_FAILED
   */
  async pushBlob(
    { registry, repository }: Repository,
    blob: BlobSource,
    options: Omit<BlobUpload, "http" | "repository">,
  ): Promise<BlobOutcome> {
    return uploadBlob(blob, { ...options, http: this.http(registry), repository });
  }

  /**
   * What a registry lists about a manifest by itself.
   * @returns undefined where it does not keep such lists
   */
  async referrers(
    { registry, repository }: Repository,
    digest: string,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[] | undefined> {
    const response = await this.http(registry).send({
      method: "GET",
      url: `/v2/${repository}/referrers/${digest}`,
      scopes: [repositoryScope(repository, "pull")],
      signal,
      headers: { accept: MEDIA_TYPES.index },
    });
    const type = response.headers.get("content-type") ?? "";
    if (!response.ok || !type.startsWith(MEDIA_TYPES.index)) {
      const isMissing =
        response.ok || response.status === 404 || response.status === 400 || response.status === 405;
      if (!isMissing) throw await refused(response, registry, "pull", `${repository}@${digest}`);
      await response.body?.cancel();
      return undefined;
    }
    return readDocument<ImageIndex>(await this.#read(response, registry, signal)).manifests;
  }

  /** The requests to a registry. */
  http(registry: string): RegistryHttp {
    let http = this.#registries.get(registry);
    if (http === undefined) {
      http = new RegistryHttp(registry, this.#options);
      this.#registries.set(registry, http);
    }
    return http;
  }

  async #ask(method: "GET" | "HEAD", reference: ImageReference, signal: AbortSignal): Promise<Response> {
    const purpose: Purpose = "pull";
    return this.http(reference.registry).send({
      method,
      url: `/v2/${reference.repository}/manifests/${manifestName(reference)}`,
      scopes: [repositoryScope(reference.repository, purpose)],
      signal,
      headers: { accept: MANIFEST_TYPES.join(", ") },
    });
  }

  async #read(response: Response, registry: string, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await readAtMost(response, MOST_MANIFEST_BYTES);
    } catch (error) {
      throw signal.aborted
        ? signal.reason
        : unusable(registry, "with a manifest that cannot be read to its end", error);
    }
  }
}

function mediaTypeOf(response: Response): string | undefined {
  const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
  return MANIFEST_TYPES.find((known) => known === type.trim().toLowerCase());
}

/** Some registries and static file servers send manifests as plain JSON. */
function documentType(bytes: Uint8Array): string | undefined {
  try {
    const { mediaType } = readDocument<{ mediaType?: unknown }>(bytes);
    return MANIFEST_TYPES.find((known) => known === mediaType);
  } catch {
    return undefined;
  }
}
