import type { BlobSource } from "../registry/blob-upload.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import type { BlobStore } from "./blob-store.ts";
import type { ImageRecord, RecordedLayer } from "./image-record.ts";
import type { Descriptor } from "./spec.ts";

/** The bytes of an image's blobs. Layers that only the base's registry has are fetched when they are needed. */
export class ImageBlobs {
  readonly #store: BlobStore;
  readonly #client: RegistryClient;
  readonly #record: ImageRecord;
  readonly #signal: AbortSignal;
  readonly #fetching = new Map<string, Promise<void>>();

  constructor(store: BlobStore, client: RegistryClient, record: ImageRecord, signal: AbortSignal) {
    this.#store = store;
    this.#client = client;
    this.#record = record;
    this.#signal = signal;
  }

  /** A layer for an upload; it is fetched only when the upload reads it. */
  source({ descriptor }: RecordedLayer): BlobSource {
    const whole = this.#store.source(descriptor);
    const ready = () => this.ensure(descriptor);
    return {
      ...whole,
      async *open(start, end) {
        await ready();
        yield* whole.open(start, end);
      },
    };
  }

  /** Sees that a blob is in the store. */
  async ensure(descriptor: Descriptor): Promise<void> {
    const { base } = this.#record;
    if (base === undefined || (await this.#store.has(descriptor))) return;
    const { digest, size } = descriptor;
    let fetching = this.#fetching.get(digest);
    if (fetching === undefined) {
      fetching = this.#client
        .openBlob(base, { digest, size }, this.#signal)
        .then((bytes) => this.#store.putVerified({ digest, size }, bytes, this.#signal));
      this.#fetching.set(digest, fetching);
    }
    await fetching;
  }
}
