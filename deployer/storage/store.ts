import type { Content, Digests } from "../artifacts/content.ts";

/** A file that lies in a store. */
export interface StoredFile {
  readonly sizeBytes: number;
  /** SHA-256 of its content in hexadecimal, where the store keeps what we told it. */
  readonly sha256?: string;
}

/** A file on its way into a store. */
export interface Upload extends Digests {
  /** Its path below the store's prefix, with `/`. */
  readonly path: string;
  readonly content: Content;
  /**
   * Bytes that have arrived since the last call.
   * @param found whether an earlier attempt left them, so that they were not sent. Default false
   */
  onBytes(count: number, found?: boolean): void;
  readonly signal: AbortSignal;
}

/**
 * A place for models, opened with credentials. Every call ends with a KtsError: KTS_STORE_UNREACHABLE, KTS_STORE_DENIED
 * (wrong credentials, no permission, a clock that is wrong), KTS_STORE_NOT_FOUND (no such bucket, container or claim)
 * or KTS_UPLOAD_FAILED.
 */
export interface ModelStore extends AsyncDisposable {
  /** The URI of a path below the store's prefix, as `storageUri` of an InferenceService has it. */
  uri(path: string): string;
  /** Every file below a path, by its path below the store's prefix. */
  list(path: string, signal: AbortSignal): Promise<ReadonlyMap<string, StoredFile>>;
  /** Stores a file; a large one in parts at once, and goes on with the parts that an earlier attempt left. */
  put(upload: Upload): Promise<void>;
}
