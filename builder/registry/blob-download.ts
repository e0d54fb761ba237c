import { Readable } from "node:stream";
import { repositoryScope } from "./authorizer.ts";
import { Verifier } from "./digest.ts";
import { refused, unreachable, unusable } from "./registry-error.ts";
import type { RegistryHttp } from "./registry-http.ts";

/** Which blob, and whence. */
export interface BlobDownload {
  readonly http: RegistryHttp;
  readonly repository: string;
  readonly digest: string;
  /** Undefined where only its digest is known. */
  readonly size: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * The bytes of a blob, which goes on where the connection broke. The stream fails at its end where they are not those
 * of the digest: nothing may be made of them before it has ended.
 * @throws KtsError KTS_IMAGE_NOT_FOUND, KTS_REGISTRY_DENIED, KTS_REGISTRY_UNREACHABLE, also as the stream's error
 */
export async function openBlob(download: BlobDownload): Promise<Readable> {
  const { http, repository, digest, size, signal } = download;
  const first = await request(download, 0);
  const problem = (what: string) => unusable(http.registry, `with ${what} for ${repository}@${digest}`);
  const verifier = new Verifier({ digest, size }, problem);
  const source = Readable.from(wholeBody(download, first), { objectMode: false, signal });
  source.on("error", (error) => verifier.destroy(error));
  verifier.on("close", () => source.destroy());
  return source.pipe(verifier);
}

async function* wholeBody(download: BlobDownload, first: Response): AsyncIterable<Uint8Array> {
  const { http, signal } = download;
  let response = first;
  let came = 0;
  for (let failures = 0; ;) {
    // A registry that does not know ranges sends all of it once more.
    let known = response.status === 206 ? 0 : came;
    const before = came;
    try {
      for await (const chunk of response.body ?? []) {
        const fresh = chunk.subarray(Math.min(known, chunk.length));
        known -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        came += fresh.length;
        yield fresh;
      }
      return;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // What brings something is worth going on with.
      failures = came > before ? 1 : failures + 1;
      if (failures >= http.tries) throw unreachable(http.registry, error);
      await http.rest(failures, undefined, signal);
      response = await request(download, came);
    }
  }
}

async function request({ http, repository, digest, signal }: BlobDownload, start: number): Promise<Response> {
  const response = await http.send({
    method: "GET",
    url: `/v2/${repository}/blobs/${digest}`,
    scopes: [repositoryScope(repository, "pull")],
    signal,
    headers: start === 0 ? {} : { range: `bytes=${start}-` },
  });
  if (!response.ok) throw await refused(response, http.registry, "pull", `${repository}@${digest}`);
  return response;
}
