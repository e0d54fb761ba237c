import { type Hash, createHash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Whether a text is a digest that we can verify: `sha256:` and 64 hexadecimal digits. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Lets bytes through, and knows their digest and their number when they are through. */
export class Digester extends Transform {
  readonly #hash: Hash = createHash("sha256");
  readonly #onBytes: ((bytes: number) => void) | undefined;
  #digest: string | undefined;
  bytes = 0;

  /** @param onBytes called with the bytes so far, for progress */
  constructor(onBytes?: (bytes: number) => void) {
    super();
    this.#onBytes = onBytes;
  }

  /** Only once all bytes are through. */
  get digest(): string {
    this.#digest ??= `sha256:${this.#hash.digest("hex")}`;
    return this.#digest;
  }

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    this.#onBytes?.(this.bytes);
    done(null, chunk);
  }
}

/** Lets bytes through, and fails at their end where they are not those that a descriptor promises. */
export class Verifier extends Transform {
  readonly #hash: Hash = createHash("sha256");
  readonly #expected: { readonly digest: string; readonly size: number | undefined };
  readonly #onMismatch: (problem: string) => Error;
  #bytes = 0;

  constructor(
    expected: { readonly digest: string; readonly size: number | undefined },
    onMismatch: (problem: string) => Error,
  ) {
    super();
    this.#expected = expected;
    this.#onMismatch = onMismatch;
  }

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    const { size } = this.#expected;
    if (size !== undefined && this.#bytes > size) {
      return done(this.#onMismatch(`more than the ${size} bytes there should be`));
    }
    this.#hash.update(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    const { size, digest } = this.#expected;
    if (size !== undefined && this.#bytes !== size) {
      return done(this.#onMismatch(`${this.#bytes} bytes, not ${size}`));
    }
    const came = `sha256:${this.#hash.digest("hex")}`;
    done(came === digest ? null : this.#onMismatch(`bytes of ${came}`));
  }
}
