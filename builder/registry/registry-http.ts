import { KtsError } from "../../contract/errors.ts";
import { Authorizer } from "./authorizer.ts";
import type { CredentialsFor } from "./credentials.ts";
import { type Pause, backOffMs, pause, retryAfterMs } from "./pause.ts";
import { apiHost, isLoopback } from "./reference.ts";
import { unreachable } from "./registry-error.ts";

/** How registries are spoken to. */
export interface RegistryOptions {
  /** Default: every registry is asked without credentials. */
  readonly credentialsFor?: CredentialsFor | undefined;
  /** Registries without TLS, beside those on this machine, as `host:port`. Default: none. */
  readonly insecure?: readonly string[] | undefined;
  /** How often a request is tried in all where the registry is busy or the connection breaks. Default: 5. */
  readonly tries?: number | undefined;
  /** How the time between two tries passes. Default: by the clock. */
  readonly pause?: Pause | undefined;
}

/** What is sent with a request. Made anew for every try. */
export interface RequestBody {
  readonly bytes: number;
  open(): Uint8Array | AsyncIterable<Uint8Array>;
}

/** One request to a registry. */
export interface RegistryRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** A path of the registry, `/v2/...`, or a whole URL that it gave. */
  readonly url: string;
  /** What the token must allow. */
  readonly scopes: readonly string[];
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
}

const DEFAULT_TRIES = 5;
const MOST_REDIRECTS = 5;
const TRANSIENT: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** Whether the same request may well succeed later. */
export function isTransient(status: number): boolean {
  return TRANSIENT.includes(status);
}

/** Requests to one registry: who asks is said as it wants it, redirects are followed, what may pass is tried again. */
export class RegistryHttp {
  /** As in an image's name: `docker.io`. */
  readonly registry: string;
  readonly tries: number;
  readonly #origin: string;
  readonly #authorizer: Authorizer;
  readonly #pause: Pause;

  constructor(registry: string, options: RegistryOptions = {}) {
    const isPlain = isLoopback(registry) || options.insecure?.includes(registry) === true;
    this.registry = registry;
    this.tries = options.tries ?? DEFAULT_TRIES;
    this.#origin = new URL(`${isPlain ? "http" : "https"}://${apiHost(registry)}`).origin;
    this.#authorizer = new Authorizer(registry, options.credentialsFor, isPlain);
    this.#pause = options.pause ?? pause;
  }

  /**
   * Sends a request, again where the registry is busy or the connection breaks.
   * @returns the answer, whatever its status is
   * @throws KtsError KTS_REGISTRY_UNREACHABLE when there was none, KTS_REGISTRY_DENIED when there is no token
   */
  async send(request: RegistryRequest): Promise<Response> {
    for (let failures = 1; ; failures++) {
      let asked: number | undefined;
      try {
        const response = await this.once(request);
        asked = retryAfterMs(response.headers.get("retry-after"));
        if (!isTransient(response.status) || failures >= this.tries || asked === Infinity) return response;
        await response.body?.cancel();
      } catch (error) {
        if (request.signal.aborted) throw request.signal.reason;
        const isLost = error instanceof KtsError && error.code === "KTS_REGISTRY_UNREACHABLE";
        if (!isLost || failures >= this.tries) throw error;
      }
      await this.rest(failures, asked, request.signal);
    }
  }

  /** Waits before a request is tried again: as long as the registry asked for, else longer each time. */
  async rest(failures: number, askedMs: number | undefined, signal: AbortSignal): Promise<void> {
    await this.#pause(askedMs ?? backOffMs(failures), signal);
  }

  /**
   * Sends a request once; a second time with a token, or a new one, where the registry wants that.
   * @throws KtsError KTS_REGISTRY_UNREACHABLE, KTS_REGISTRY_DENIED
   */
  async once(request: RegistryRequest): Promise<Response> {
    const { scopes, signal } = request;
    const response = await this.#follow(request, await this.#authorizer.header(scopes, signal));
    if (response.status !== 401) return response;
    if (!this.#authorizer.learn(response.headers.get("www-authenticate"), scopes)) return response;
    const header = await this.#authorizer.header(scopes, signal);
    if (header === undefined) return response;
    await response.body?.cancel();
    return this.#follow(request, header);
  }

  /** An address that the registry gave, whole; of the registry itself it is spoken to as before. */
  absolute(url: string): string {
    const found = new URL(url, this.#origin);
    const own = new URL(this.#origin);
    // Behind a proxy that ends TLS a registry takes itself for one without.
    if (found.hostname === own.hostname && own.protocol === "https:" && found.protocol === "http:") {
      found.protocol = "https:";
      found.port = own.port;
    }
    return found.href;
  }

  async #follow(request: RegistryRequest, authorization: string | undefined): Promise<Response> {
    let url = this.absolute(request.url);
    for (let redirects = 0; ; redirects++) {
      // Only the registry itself learns who asks: an object store has its own signature in the address.
      const own = new URL(url).origin === this.#origin;
      const response = await this.#fetch(request, url, own ? authorization : undefined);
      const target = redirectOf(request, response);
      if (target === undefined || redirects >= MOST_REDIRECTS) return response;
      await response.body?.cancel();
      const next = own ? this.absolute(new URL(target, url).href) : new URL(target, url).href;
      if (url.startsWith("https:") && !next.startsWith("https:")) {
        throw unreachable(
          this.registry,
          new Error(`it redirects to ${new URL(next).origin}, which has no TLS`),
        );
      }
      url = next;
    }
  }

  async #fetch(request: RegistryRequest, url: string, authorization: string | undefined): Promise<Response> {
    const { method, headers, body, signal } = request;
    signal.throwIfAborted();
    const init: RequestInit = {
      method,
      signal,
      redirect: "manual",
      headers: {
        "user-agent": "kserve-ts",
        // A layer is compressed already, and a digest is of the bytes as they are.
        "accept-encoding": "identity",
        ...headers,
        ...(body !== undefined && { "content-length": String(body.bytes) }),
        ...(authorization !== undefined && { authorization }),
      },
      ...(body !== undefined && { body: body.open() as NonNullable<RequestInit["body"]>, duplex: "half" }),
    };
    try {
      return await fetch(url, init);
    } catch (error) {
      throw signal.aborted ? signal.reason : unreachable(this.registry, error);
    }
  }
}

/** Where an answer sends us; undefined where it does not, or where the request would not stay the same there. */
function redirectOf({ method }: RegistryRequest, { status, headers }: Response): string | undefined {
  const keepsMethod = status === 307 || status === 308;
  const isRead = method === "GET" || method === "HEAD";
  const isRedirect = keepsMethod || (isRead && (status === 301 || status === 302 || status === 303));
  return isRedirect ? (headers.get("location") ?? undefined) : undefined;
}
