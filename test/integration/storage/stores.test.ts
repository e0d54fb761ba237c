import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isKtsError } from "../../../contract/errors.ts";
import { openStore } from "../../../deployer/storage/open-store.ts";
import { type UploadProgress, uploadModel } from "../../../deployer/storage/upload.ts";
import { run } from "../grpc/tools.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import { KINDS } from "./kinds.ts";
import { MIB, modelOf, someBytes } from "./models.ts";
import { type StoreServer, freePort } from "./servers.ts";

const { signal } = new AbortController();

describe.each(KINDS)("a model in $name", (kind) => {
  let server: StoreServer;
  beforeAll(async () => {
    server = await kind.start();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const open = (port = server.port, bucket = "models") =>
    openStore(kind.uri(bucket), { ...kind.access(port), signal });

  it("is stored as it is, whatever its files are called and however large they are", async () => {
    const files = {
      "model.onnx": someBytes(40 * MIB),
      "empty.txt": Buffer.alloc(0),
      "wörter/見出し ünï.txt": Buffer.from("ä"),
      "with space/a+b%20c#d?e&f.bin": someBytes(1000),
      "exactly-a-part.bin": someBytes(16 * MIB, 2),
    };
    const model = await modelOf(files);
    await using store = await open();
    const seen: UploadProgress[] = [];
    const result = await uploadModel(model, store, {
      name: "names",
      signal,
      onProgress: (at) => seen.push(at),
    });
    const hash = model.contentHash.slice("sha256:".length, "sha256:".length + 12);
    expect(result.storageUri).toBe(`${kind.uri("models")}/names/${hash}`);
    expect(result).toMatchObject({ uploadedBytes: model.sizeBytes, skippedBytes: 0 });
    for (const [path, bytes] of Object.entries(files)) {
      const stored = await kind.read(server.port, `team/names/${hash}/${path}`);
      expect(stored?.equals(bytes), path).toBe(true);
    }
    expect(seen.at(0)).toMatchObject({ uploadedBytes: 0, doneFiles: 0, totalFiles: 5 });
    expect(seen.at(-1)).toMatchObject({ uploadedBytes: model.sizeBytes, doneFiles: 5 });
    // Parts arrive one by one.
    expect(seen.some(({ uploadedBytes }) => uploadedBytes > 0 && uploadedBytes < model.sizeBytes)).toBe(true);
  });

  it("is not sent again when it is there", async () => {
    const model = await modelOf({
      "a.bin": someBytes(20 * MIB),
      "b/c.bin": someBytes(10),
      "d.bin": Buffer.alloc(0),
    });
    await using store = await open();
    await uploadModel(model, store, { name: "twice", signal });
    await using proxy = await startCuttingProxy(server.port);
    await using again = await open(proxy.port);
    const result = await uploadModel(model, again, { name: "twice", signal });
    expect(result).toMatchObject({ uploadedBytes: 0, skippedBytes: model.sizeBytes });
    expect(result.files.every(({ skipped }) => skipped)).toBe(true);
    expect(proxy.sentBytes).toBeLessThan(20_000);
  });

  it("is mended where a file of it is another, or is nobody's", async () => {
    const model = await modelOf({ "a.bin": someBytes(1000), "b.bin": someBytes(1000, 2) });
    await using store = await open();
    const folder = `mended/${model.contentHash.slice(7, 19)}`;
    await kind.write(server.port, `team/${folder}/a.bin`, someBytes(1000, 3));
    const result = await uploadModel(model, store, { name: "mended", signal });
    expect(result).toMatchObject({ uploadedBytes: 2000, skippedBytes: 0 });
    expect(await kind.read(server.port, `team/${folder}/a.bin`)).toEqual(someBytes(1000));
  });

  it("is refused where a file lies that is not its own", async () => {
    const model = await modelOf({ "a.bin": someBytes(1001) });
    await using store = await open();
    await kind.write(server.port, `team/guest/${model.contentHash.slice(7, 19)}/other.bin`, someBytes(5));
    await expect(uploadModel(model, store, { name: "guest", signal })).rejects.toMatchObject({
      code: "KTS_UPLOAD_FAILED",
      message: expect.stringMatching(/other\.bin is not a file of the model/),
    });
  });

  it("goes on when the connection is cut in the middle", async () => {
    const model = await modelOf({ "model.onnx": someBytes(80 * MIB, 4) });
    await using proxy = await startCuttingProxy(server.port);
    await using store = await open(proxy.port);
    proxy.cutAfter(40 * MIB);
    const result = await uploadModel(model, store, { name: "cut", signal });
    expect(proxy.cuts).toBe(1);
    expect(result).toMatchObject({ uploadedBytes: 80 * MIB, skippedBytes: 0 });
    // What had arrived was not sent again: at most the parts that were on their way.
    expect(proxy.sentBytes).toBeLessThan(165 * MIB);
    const stored = await kind.read(server.port, `team/cut/${model.contentHash.slice(7, 19)}/model.onnx`);
    expect(stored?.equals(someBytes(80 * MIB, 4))).toBe(true);
  });

  it("goes on where a killed process stopped", async () => {
    const script = fileURLToPath(new URL("upload-child.ts", import.meta.url));
    const sizeBytes = 96 * MIB;
    const killed = await run(process.execPath, [
      script,
      kind.name,
      String(server.port),
      String(sizeBytes),
      String(32 * MIB),
    ]);
    expect(killed.stderr).toBe("");
    const model = await modelOf({ "model.onnx": someBytes(sizeBytes) });
    const key = `team/killed/${model.contentHash.slice(7, 19)}/model.onnx`;
    expect(await kind.read(server.port, key)).toBeUndefined();
    await using proxy = await startCuttingProxy(server.port);
    await using store = await open(proxy.port);
    const result = await uploadModel(model, store, { name: "killed", signal });
    expect(result.skippedBytes).toBeGreaterThanOrEqual(32 * MIB);
    expect(result.uploadedBytes + result.skippedBytes).toBe(sizeBytes);
    expect(proxy.sentBytes).toBeLessThan(sizeBytes - 31 * MIB);
    expect((await kind.read(server.port, key))?.equals(someBytes(sizeBytes))).toBe(true);
  });

  it("stops when its signal says so, with nothing half in the store", async () => {
    const model = await modelOf({ "model.onnx": someBytes(64 * MIB, 6) });
    const ending = new AbortController();
    await using store = await open();
    const reason = new Error("no more");
    const upload = uploadModel(model, store, {
      name: "stopped",
      signal: ending.signal,
      onProgress: ({ uploadedBytes }) => {
        if (uploadedBytes > 0) ending.abort(reason);
      },
    });
    await expect(upload).rejects.toBe(reason);
    expect((await store.list("stopped", signal)).size).toBe(0);
  });

  it("is not stored when its file has changed since it was hashed", async () => {
    const model = await modelOf({ "small.bin": someBytes(1000), "large.bin": someBytes(20 * MIB) });
    const changed = model.files.map((file) => ({
      ...file,
      sha256: "0".repeat(64),
      blocks: ["0".repeat(64), "1".repeat(64)],
    }));
    for (const file of changed) {
      await using store = await open();
      const one = { ...model, files: [file] };
      await expect(uploadModel(one, store, { name: `changed-${file.path}`, signal })).rejects.toMatchObject({
        code: "KTS_UPLOAD_FAILED",
        message: expect.stringMatching(/has changed since it was hashed/),
      });
      expect((await store.list(`changed-${file.path}`, signal)).size).toBe(0);
    }
  });

  it("says which bucket is missing", async () => {
    const failure = await failureOf(open(server.port, "nobodys-bucket"));
    expect(failure).toMatchObject({ code: "KTS_STORE_NOT_FOUND" });
    expect(failure.message).toMatch(/no (bucket|container) nobodys-bucket/);
    expect(failure.hint).toMatch(/Create it first/);
  });

  it("says that nothing answers", async () => {
    const port = await freePort();
    const failure = await failureOf(open(port));
    expect(failure).toMatchObject({ code: "KTS_STORE_UNREACHABLE" });
    expect(failure.message).toMatch(/127\.0\.0\.1:\d+.*nothing accepts connections/);
  });

  it.runIf(kind.wrongAccess !== undefined)(
    "says that the credentials are wrong, and does not show them",
    async () => {
      const access = kind.wrongAccess?.(server.port) ?? { env: {} };
      const failure = await failureOf(openStore(kind.uri("models"), { ...access, signal }));
      expect(failure).toMatchObject({ code: "KTS_STORE_DENIED" });
      const shown = `${inspect(failure, { depth: 20, showHidden: true })} ${failure.hint} ${JSON.stringify(failure)}`;
      for (const secret of kind.secrets) expect(shown).not.toContain(secret);
    },
  );

  async function failureOf(opening: ReturnType<typeof openStore>) {
    await using store = await opening;
    const model = await modelOf({ "a.bin": someBytes(10) });
    try {
      await uploadModel(model, store, { name: "denied", signal });
    } catch (error) {
      if (isKtsError(error)) return error;
      throw error;
    }
    throw new Error("the upload succeeded");
  }
});
