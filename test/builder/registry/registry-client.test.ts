import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { BlobSource } from "../../../builder/registry/blob-upload.ts";
import { digestOf } from "../../../builder/registry/digest.ts";
import { parseReference } from "../../../builder/registry/reference.ts";
import { attach, attached } from "../../../builder/registry/referrers.ts";
import { RegistryClient } from "../../../builder/registry/registry-client.ts";
import type { RegistryOptions } from "../../../builder/registry/registry-http.ts";
import { MEDIA_TYPES, documentBytes } from "../../../builder/oci/spec.ts";
import { MemoryRegistry, answer, refuse } from "./memory-registry.ts";

const { signal } = new AbortController();
const REPOSITORY = "me/digits";

/** A client that notes for how long it would wait, and does not. */
function clientOf(options: RegistryOptions = {}) {
  const waitedMs: number[] = [];
  const client = new RegistryClient({ pause: async (ms) => void waitedMs.push(ms), ...options });
  return { client, waitedMs };
}

function blobOf(bytes: Buffer, pieceBytes = 65_536): BlobSource & { readonly opened: number[] } {
  const opened: number[] = [];
  return {
    digest: digestOf(bytes),
    size: bytes.length,
    opened,
    async *open(start, end) {
      opened.push(start);
      for (let at = start; at < end; at += pieceBytes)
        yield bytes.subarray(at, Math.min(end, at + pieceBytes));
    },
  };
}

function place(registry: MemoryRegistry, tag = "1") {
  return { registry: registry.host, repository: REPOSITORY, tag, digest: undefined };
}

const stored = (registry: MemoryRegistry, { digest }: { digest: string }) =>
  registry.blobs.get(`${REPOSITORY} ${digest}`);

describe("an upload", () => {
  it("of a small blob takes three requests, and none of its bytes where it is there", async () => {
    await using registry = await MemoryRegistry.start();
    const { client } = clientOf();
    const blob = blobOf(Buffer.from("hello"));
    expect(await client.pushBlob(place(registry), blob, { signal })).toBe("sent");
    const { digest } = blob;
    expect(registry.asked).toEqual([
      `HEAD /v2/me/digits/blobs/${digest}`,
      "POST /v2/me/digits/blobs/uploads/",
      `PUT /v2/me/digits/blobs/uploads/<id>?digest=${encodeURIComponent(digest)}`,
    ]);
    expect(stored(registry, blob)?.toString()).toBe("hello");
    expect(await client.pushBlob(place(registry), blob, { signal })).toBe("there");
    expect(blob.opened).toEqual([0]);
  });

  it("of an empty blob works", async () => {
    await using registry = await MemoryRegistry.start();
    const blob = blobOf(Buffer.alloc(0));
    expect(await clientOf().client.pushBlob(place(registry), blob, { signal })).toBe("sent");
    expect(stored(registry, blob)?.length).toBe(0);
  });

  it("tells its length, and how far it is", async () => {
    await using registry = await MemoryRegistry.start();
    const blob = blobOf(randomBytes(3_000_000), 1_000_000);
    const far: number[] = [];
    await clientOf().client.pushBlob(place(registry), blob, { signal, onBytes: (bytes) => far.push(bytes) });
    expect(far).toEqual([1_000_000, 2_000_000, 3_000_000]);
    const patch = registry.came.find(({ method }) => method === "PATCH");
    expect(patch?.headers["content-length"]).toBe("3000000");
    expect(patch?.headers["transfer-encoding"]).toBeUndefined();
  });

  it("takes over what another repository of the registry has", async () => {
    await using registry = await MemoryRegistry.start();
    const blob = blobOf(randomBytes(1000));
    registry.blobs.set(`library/node ${blob.digest}`, randomBytes(1000));
    const options = { signal, mountFrom: "library/node" };
    expect(await clientOf().client.pushBlob(place(registry), blob, options)).toBe("mounted");
    expect(blob.opened).toEqual([]);
  });

  it("sends the bytes where a mount is refused", async () => {
    await using registry = await MemoryRegistry.start();
    registry.hook = (request, response) => {
      if (request.url?.includes("mount=") !== true) return false;
      refuse(response, 403, "DENIED", "not yours");
      return true;
    };
    const blob = blobOf(randomBytes(1000));
    expect(await clientOf().client.pushBlob(place(registry), blob, { signal, mountFrom: "secret" })).toBe(
      "sent",
    );
  });

  it("goes in pieces where that is asked for", async () => {
    await using registry = await MemoryRegistry.start();
    const bytes = randomBytes(2_500_000);
    const blob = blobOf(bytes);
    await clientOf().client.pushBlob(place(registry), blob, { signal, chunkBytes: 1_000_000 });
    expect(blob.opened).toEqual([0, 1_000_000, 2_000_000]);
    expect(stored(registry, blob)?.equals(bytes)).toBe(true);
  });

  it("goes on where the connection broke", async () => {
    await using registry = await MemoryRegistry.start();
    const bytes = randomBytes(4_000_000);
    const blob = blobOf(bytes);
    registry.cutAfterBytes = 1_500_000;
    const { client, waitedMs } = clientOf();
    expect(await client.pushBlob(place(registry), blob, { signal })).toBe("sent");
    expect(stored(registry, blob)?.equals(bytes)).toBe(true);
    expect(waitedMs).toHaveLength(1);
    const [first, resumed = 0] = blob.opened;
    expect(first).toBe(0);
    expect(resumed).toBeGreaterThan(1_000_000);
  });

  it("begins again where the registry has forgotten it", async () => {
    await using registry = await MemoryRegistry.start();
    const bytes = randomBytes(2_000_000);
    const blob = blobOf(bytes);
    let isCut = false;
    registry.hook = (request) => {
      if (request.method !== "PATCH" || isCut) return false;
      isCut = true;
      registry.uploads.clear();
      request.socket.destroy();
      return true;
    };
    expect(await clientOf().client.pushBlob(place(registry), blob, { signal })).toBe("sent");
    expect(registry.asked.filter((asked) => asked.startsWith("POST"))).toHaveLength(2);
    expect(stored(registry, blob)?.equals(bytes)).toBe(true);
  });

  it("waits for as long as a busy registry asks", async () => {
    await using registry = await MemoryRegistry.start();
    let busy = 2;
    registry.hook = (request, response) => {
      if (request.method !== "PUT" || busy-- <= 0) return false;
      request.resume();
      answer(response, 429, { "retry-after": "7" });
      return true;
    };
    const { client, waitedMs } = clientOf();
    const blob = blobOf(Buffer.from("hello"));
    expect(await client.pushBlob(place(registry), blob, { signal })).toBe("sent");
    expect(waitedMs).toEqual([7000, 7000]);
  });

  it("sends smaller pieces to a proxy that refuses large ones", async () => {
    await using registry = await MemoryRegistry.start();
    const bytes = Buffer.alloc(70_000_000, 3);
    const blob = blobOf(bytes, 1_048_576);
    registry.hook = (request, response) => {
      if (Number(request.headers["content-length"] ?? 0) <= 40_000_000) return false;
      request.resume();
      answer(response, 413);
      return true;
    };
    expect(await clientOf().client.pushBlob(place(registry), blob, { signal })).toBe("sent");
    expect(stored(registry, blob)?.equals(bytes)).toBe(true);
  });

  it("gives up after its tries, with the registry's words", async () => {
    await using registry = await MemoryRegistry.start();
    registry.hook = (request, response) => {
      if (request.method !== "PUT") return false;
      request.resume();
      refuse(response, 503, "UNAVAILABLE", "the disk is\u001b[31m being moved");
      return true;
    };
    const { client, waitedMs } = clientOf({ tries: 3 });
    await expect(
      client.pushBlob(place(registry), blobOf(Buffer.from("x")), { signal }),
    ).rejects.toMatchObject({
      code: "KTS_PUSH_FAILED",
      message: `Cannot push ${REPOSITORY} to ${registry.host}: UNAVAILABLE: the disk is [31m being moved (HTTP 503).`,
    });
    expect(waitedMs).toHaveLength(2);
  });

  it("does not try again what the registry refuses for good", async () => {
    await using registry = await MemoryRegistry.start();
    const blob = { ...blobOf(Buffer.from("other bytes")), digest: digestOf("what was promised") };
    const { client, waitedMs } = clientOf();
    await expect(client.pushBlob(place(registry), blob, { signal })).rejects.toMatchObject({
      code: "KTS_PUSH_FAILED",
      message: expect.stringContaining("DIGEST_INVALID: provided digest did not match (HTTP 400)") as string,
    });
    expect(waitedMs).toEqual([]);
  });

  it("tells what was wrong with the blob's own bytes as it is", async () => {
    await using registry = await MemoryRegistry.start();
    const broken: BlobSource = {
      ...blobOf(Buffer.from("hello")),
      // eslint-disable-next-line require-yield
      async *open() {
        throw new Error("the disk is gone");
      },
    };
    const { client, waitedMs } = clientOf();
    await expect(client.pushBlob(place(registry), broken, { signal })).rejects.toThrow("the disk is gone");
    expect(waitedMs).toEqual([]);
  });

  it("ends at once when it is aborted", async () => {
    await using registry = await MemoryRegistry.start();
    const controller = new AbortController();
    const reason = new Error("Ctrl-C");
    registry.hook = (request) => {
      if (request.method === "PATCH") controller.abort(reason);
      return request.method === "PATCH";
    };
    const pushed = clientOf().client.pushBlob(place(registry), blobOf(randomBytes(2_000_000)), {
      signal: controller.signal,
    });
    await expect(pushed).rejects.toBe(reason);
  });
});

describe("a download", () => {
  it("is verified", async () => {
    await using registry = await MemoryRegistry.start();
    const digest = digestOf("what was promised");
    registry.blobs.set(`${REPOSITORY} ${digest}`, Buffer.from("what came instead"));
    const opened = await clientOf().client.openBlob(place(registry), { digest, size: 17 }, signal);
    await expect(buffer(opened)).rejects.toMatchObject({
      code: "KTS_REGISTRY_UNREACHABLE",
      message: expect.stringContaining(`bytes of ${digestOf("what came instead")}`) as string,
    });
  });

  it("does not take more bytes than there should be", async () => {
    await using registry = await MemoryRegistry.start();
    const digest = digestOf("x");
    registry.blobs.set(`${REPOSITORY} ${digest}`, randomBytes(1_000_000));
    const opened = await clientOf().client.openBlob(place(registry), { digest, size: 1 }, signal);
    await expect(buffer(opened)).rejects.toThrow("more than the 1 bytes there should be");
  });

  it.each([
    ["by a range", true],
    ["from the start where the registry knows no ranges", false],
  ])("goes on %s when the connection broke", async (_name, hasRanges) => {
    await using registry = await MemoryRegistry.start();
    const bytes = randomBytes(1_000_000);
    const digest = digestOf(bytes);
    registry.blobs.set(`${REPOSITORY} ${digest}`, bytes);
    let requests = 0;
    registry.hook = (request, response) => {
      if (++requests === 1) {
        response.writeHead(200, { "content-length": bytes.length });
        response.write(bytes.subarray(0, 400_000), () => setImmediate(() => response.destroy()));
        return true;
      }
      if (!hasRanges) delete request.headers.range;
      return false;
    };
    const { client, waitedMs } = clientOf();
    const opened = await client.openBlob(place(registry), { digest, size: bytes.length }, signal);
    expect((await buffer(opened)).equals(bytes)).toBe(true);
    expect(waitedMs).toHaveLength(1);
  });

  it("follows a redirect without telling the object store who asks", async () => {
    await using registry = await MemoryRegistry.start();
    await using store = await MemoryRegistry.start();
    const bytes = Buffer.from("a layer");
    const digest = digestOf(bytes);
    store.hook = (_request, response) => {
      answer(response, 200, {}, bytes);
      return true;
    };
    registry.hook = (request, response) => {
      if (request.headers.authorization === undefined) {
        answer(response, 401, { "www-authenticate": 'Basic realm="x"' });
      } else {
        answer(response, 307, { location: `http://${store.host}/bucket/layer?signature=abc` });
      }
      return true;
    };
    const credentialsFor = async () => ({ kind: "password", username: "me", password: "secret" }) as const;
    const { client } = clientOf({ credentialsFor });
    const opened = await client.openBlob(place(registry), { digest }, signal);
    expect((await buffer(opened)).toString()).toBe("a layer");
    expect(registry.came[1]?.headers.authorization).toBe(`Basic ${btoa("me:secret")}`);
    expect(store.came.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ["/bucket/layer?signature=abc", undefined],
    ]);
  });
});

describe("a manifest", () => {
  const manifest = documentBytes({ schemaVersion: 2, mediaType: MEDIA_TYPES.manifest, layers: [] });

  it("is stored under its tag, and found by it and by its digest", async () => {
    await using registry = await MemoryRegistry.start();
    const { client } = clientOf();
    const { digest } = await client.putManifest(place(registry), manifest, MEDIA_TYPES.manifest, signal);
    const descriptor = { mediaType: MEDIA_TYPES.manifest, digest, size: manifest.length };
    expect(await client.resolve(place(registry), signal)).toEqual(descriptor);
    expect((await client.manifest({ ...place(registry), digest }, signal)).descriptor).toEqual(descriptor);
  });

  it("is looked at where a registry does not say its digest", async () => {
    await using registry = await MemoryRegistry.start();
    registry.hook = (_request, response) => {
      answer(response, 200, { "content-type": "application/json; charset=utf-8" }, Buffer.from(manifest));
      return true;
    };
    expect(await clientOf().client.resolve(place(registry), signal)).toEqual({
      mediaType: MEDIA_TYPES.manifest,
      digest: digestOf(manifest),
      size: manifest.length,
    });
  });

  it("that a registry does not have is not found, in its words", async () => {
    await using registry = await MemoryRegistry.start();
    await expect(clientOf().client.manifest(place(registry), signal)).rejects.toMatchObject({
      code: "KTS_IMAGE_NOT_FOUND",
      message: `Cannot pull ${registry.host}/me/digits:1 from ${registry.host}: MANIFEST_UNKNOWN: manifest unknown (HTTP 404).`,
    });
  });

  it.each([
    ["other bytes than its digest's", Buffer.from("{}"), "with bytes of"],
    ["what is no manifest", undefined, "which is no manifest of an image"],
  ])("is refused where %s come", async (_name, bytes, problem) => {
    await using registry = await MemoryRegistry.start();
    registry.hook = (_request, response) => {
      const type = bytes === undefined ? "text/html" : MEDIA_TYPES.manifest;
      answer(response, 200, { "content-type": type }, bytes ?? Buffer.from("<html>"));
      return true;
    };
    const reference =
      bytes === undefined ? place(registry) : { ...place(registry), digest: digestOf("promised") };
    await expect(clientOf().client.manifest(reference, signal)).rejects.toThrow(problem);
  });
});

describe("a registry", () => {
  it("that nobody answers for is unreachable, after all tries", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const { client, waitedMs } = clientOf({ tries: 3 });
    await expect(client.resolve(parseReference(`127.0.0.1:${port}/digits`), signal)).rejects.toMatchObject({
      code: "KTS_REGISTRY_UNREACHABLE",
      message: `Cannot reach the registry 127.0.0.1:${port}: nothing accepts connections there.`,
    });
    expect(waitedMs).toHaveLength(2);
  });

  it("that asks for a longer wait than anyone has is not waited for", async () => {
    await using registry = await MemoryRegistry.start();
    registry.hook = (_request, response) => {
      answer(response, 429, { "retry-after": "3600" });
      return true;
    };
    const { client, waitedMs } = clientOf();
    await expect(client.manifest(place(registry), signal)).rejects.toMatchObject({
      message: expect.stringContaining("HTTP 429") as string,
      retryAfterSeconds: 3600,
    });
    expect(waitedMs).toEqual([]);
  });
});

describe("what belongs to an image", () => {
  const subject = { mediaType: MEDIA_TYPES.manifest, digest: digestOf("an image"), size: 8 };
  const sbom = { type: MEDIA_TYPES.cyclonedx, bytes: Buffer.from('{"bomFormat":"CycloneDX"}') };

  it.each([
    ["the registry's own list", true],
    ["the tag that stands in for one", false],
  ])("is found by %s", async (_name, listsReferrers) => {
    await using registry = await MemoryRegistry.start({ listsReferrers });
    const { client } = clientOf();
    const { digest } = await attach(client, place(registry), subject, sbom, signal);
    await attach(client, place(registry), subject, sbom, signal);
    await attach(client, place(registry), subject, { ...sbom, type: "text/plain" }, signal);
    const found = await attached(client, place(registry), subject.digest, sbom.type, signal);
    expect(found).toMatchObject([{ digest, artifactType: sbom.type }]);
    const tag = `${REPOSITORY} ${subject.digest.replace(":", "-")}`;
    expect(registry.manifests.has(tag)).toBe(!listsReferrers);
  });

  it("is nothing where nothing was attached", async () => {
    await using registry = await MemoryRegistry.start();
    expect(await attached(clientOf().client, place(registry), subject.digest, sbom.type, signal)).toEqual([]);
  });
});
