import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { KtsError } from "../../contract/errors.ts";
import {
  type Content,
  bytesContent,
  digestsOf,
  sha256Of,
  textContent,
} from "../../deployer/artifacts/content.ts";
import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { type PvcStoreOptions, openPvcStore } from "../../deployer/storage/pvc.ts";
import { HELPER_LABELS } from "../../deployer/storage/pvc-helper/pod.ts";
import type { ModelStore } from "../../deployer/storage/store.ts";
import { makeClaim } from "./claims.ts";
import { busyboxImage } from "./images/busybox.ts";
import { describeWithCluster } from "./rig.ts";

const MIB = 1024 * 1024;

/** The helper is held to PodSecurity's strictest level. */
const RESTRICTED = { "pod-security.kubernetes.io/enforce": "restricted" };

describeWithCluster(
  "a store on a PersistentVolumeClaim",
  ({ kubeconfig, namespace, loadImage }) => {
    let folder: string;
    let cluster: Cluster;
    const claims = new AsyncDisposableStack();
    const signal = AbortSignal.timeout(170_000);

    beforeAll(async () => {
      await loadImage(await busyboxImage());
      folder = await mkdtemp(join(tmpdir(), "kts-pvc-"));
      await chmod(folder, 0o777);
      cluster = await connectCluster({ kubeconfig, namespace, env: {} });
      claims.use(await makeClaim(cluster, { name: "models", accessMode: "ReadWriteOnce", path: folder }));
      claims.use(await makeClaim(cluster, { name: "read-only", accessMode: "ReadOnlyMany", path: folder }));
      claims.use(await makeClaim(cluster, { name: "unbound", accessMode: "ReadWriteOnce" }));
    });

    afterAll(async () => {
      await claims.disposeAsync();
      await cluster[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    const open = (uri: string, options: Partial<PvcStoreOptions> = {}): Promise<ModelStore> =>
      openPvcStore(uri, { cluster, namespace, signal, ...options });

    async function put(store: ModelStore, path: string, content: Content, sha256?: string): Promise<number> {
      let bytes = 0;
      const onBytes = (count: number): void => {
        bytes += count;
      };
      const digests = sha256 === undefined ? await digestsOf(content) : { sha256, blocks: [] };
      await store.put({ path, content, ...digests, onBytes, signal });
      return bytes;
    }

    async function helpers(): Promise<readonly string[]> {
      const labels = Object.entries(HELPER_LABELS).map(([key, value]) => `${key}=${value}`);
      const { items } = await cluster.list(RESOURCES.pod, { namespace, labels: labels.join(",") });
      return items
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata }) => metadata.name);
    }

    async function problem(opening: Promise<ModelStore>): Promise<{ code: string; text: string }> {
      const error: unknown = await opening.then(
        () => undefined,
        (failure: unknown) => failure,
      );
      if (!(error instanceof KtsError))
        throw new Error("it was opened, or failed otherwise", { cause: error });
      return { code: error.code, text: `${error.message} ${error.hint}` };
    }

    it("says why a large file cannot be written, though its input is not read", async () => {
      await using store = await open("pvc://models/refused");
      await put(store, "taken", textContent("a file"));
      const big = bytesContent(Buffer.alloc(6 * MIB, "model"));
      const below = put(store, "taken/below/model.bin", big);
      await expect(below).rejects.toThrow(
        /^pvc:\/\/models\/refused\/taken\/below\/model\.bin: mkdir: .*Not a directory/,
      );
    }, 60_000);

    it("takes files and lists them with their digests, and its pod is gone after it", async () => {
      const big = bytesContent(Buffer.alloc(3 * MIB + 7, "model"));
      {
        await using store = await open("pvc://models/team");
        expect(await helpers()).toHaveLength(1);
        expect(await put(store, "iris/5c3f/model.json", textContent("{}"))).toBe(2);
        expect(await put(store, `iris/5c3f/an "odd" $name's`, textContent("x"))).toBe(1);
        expect(await put(store, "iris/5c3f/empty", textContent(""))).toBe(0);
        expect(await put(store, "iris/5c3f/deep/er/model.bin", big)).toBe(big.sizeBytes);
        const listed = await store.list("iris/5c3f", signal);
        expect([...listed.keys()].sort()).toEqual([
          `iris/5c3f/an "odd" $name's`,
          "iris/5c3f/deep/er/model.bin",
          "iris/5c3f/empty",
          "iris/5c3f/model.json",
        ]);
        const stored = { sizeBytes: big.sizeBytes, sha256: await sha256Of(big) };
        expect(listed.get("iris/5c3f/deep/er/model.bin")).toEqual(stored);
        expect(await store.list("nothing", signal)).toEqual(new Map());
        expect(store.uri("iris/5c3f")).toBe("pvc://models/team/iris/5c3f");
      }
      expect(await helpers()).toEqual([]);
      const path = join(folder, "team/iris/5c3f/deep/er/model.bin");
      expect(await sha256Of(bytesContent(await readFile(path)))).toBe(await sha256Of(big));
      expect((await stat(path)).mode & 0o777).toBe(0o644);
    });

    it("takes no digest of a file that was written again since", async () => {
      await using store = await open("pvc://models");
      await put(store, "again/model.json", textContent("{}"));
      await delay(1100);
      await writeFile(join(folder, "again/model.json"), "[]");
      expect(await store.list("again", signal)).toEqual(new Map([["again/model.json", { sizeBytes: 2 }]]));
    });

    it("goes on with what an interrupted attempt has left", async () => {
      const whole = bytesContent(Buffer.alloc(6 * MIB, "part"));
      const sha256 = await sha256Of(whole);
      const abort = new AbortController();
      const arrived = async (): Promise<number> => {
        const parts = await readdir(join(folder, ".kserve-ts/parts")).catch(() => []);
        const sizes = parts.map(async (part) => (await stat(join(folder, ".kserve-ts/parts", part))).size);
        return Math.max(0, ...(await Promise.all(sizes)));
      };
      const halting: Content = {
        sizeBytes: whole.sizeBytes,
        async *read() {
          yield* whole.read(0, 3 * MIB);
          while ((await arrived()) < 2 * MIB) await delay(50);
          abort.abort(new Error("enough"));
          await delay(60_000, undefined, { signal });
        },
      };
      {
        await using store = await open("pvc://models");
        const upload = {
          path: "big/model.bin",
          content: halting,
          sha256,
          blocks: [],
          onBytes: () => undefined,
        };
        await expect(store.put({ ...upload, signal: abort.signal })).rejects.toThrow("enough");
      }
      const left = await arrived();
      const asked: number[] = [];
      const watched: Content = {
        sizeBytes: whole.sizeBytes,
        read(start = 0, end = whole.sizeBytes) {
          asked.push(start);
          return whole.read(start, end);
        },
      };
      await using store = await open("pvc://models");
      expect(await put(store, "big/model.bin", watched, sha256)).toBe(whole.sizeBytes);
      expect(asked).toEqual([left]);
      expect(left).toBeGreaterThanOrEqual(2 * MIB);
      expect(await sha256Of(bytesContent(await readFile(join(folder, "big/model.bin"))))).toBe(sha256);
    });

    it("keeps no file that arrived otherwise than it was sent", async () => {
      await using store = await open("pvc://models");
      await expect(put(store, "bad/model.json", textContent("{}"), "0".repeat(64))).rejects.toThrow(
        "pvc://models/bad/model.json: what arrived is not what was sent",
      );
      expect(await store.list("bad", signal)).toEqual(new Map());
    });

    it("says when it may not write", async () => {
      await using store = await open("pvc://models/closed");
      await put(store, "first", textContent("x"));
      await chmod(join(folder, "closed"), 0o500);
      const error = await put(store, "second/model", textContent("x")).catch((failure: unknown) => failure);
      expect(error).toMatchObject({ code: "KTS_STORE_DENIED" });
      expect(String(error)).toMatch(
        /pvc:\/\/models\/closed\/second\/model cannot be written: .*Permission denied/i,
      );
    });

    it("refuses a claim that is not there, and names those that are", async () => {
      const { code, text } = await problem(open("pvc://nowhere"));
      expect(code).toBe("KTS_STORE_NOT_FOUND");
      expect(text).toMatch(/no claim "nowhere" in e2e-.*; there are models, read-only, unbound/);
    });

    it("refuses a claim that can only be read", async () => {
      expect(await problem(open("pvc://read-only"))).toMatchObject({ code: "KTS_STORE_DENIED" });
    });

    it("says that a claim is not bound, and leaves no pod", async () => {
      const { code, text } = await problem(open("pvc://unbound", { startTimeoutMs: 3000 }));
      expect(code).toBe("KTS_STORE_UNREACHABLE");
      expect(text).toMatch(
        /did not start: it is not running after 3 s; no node takes it: .*Pending: is there/s,
      );
      expect(await helpers()).toEqual([]);
    });

    it("says at once that the helper's image cannot be pulled, and leaves no pod", async () => {
      const env = { KSERVE_TS_HELPER_IMAGE: "registry.invalid/nothing:1" };
      const { code, text } = await problem(open("pvc://models", { env }));
      expect(code).toBe("KTS_STORE_UNREACHABLE");
      expect(text).toMatch(
        /image registry\.invalid\/nothing:1\) did not start: its image cannot be pulled: /,
      );
      expect(await helpers()).toEqual([]);
    });

    it("leaves no pod when it is given up at the start", async () => {
      const abort = new AbortController();
      const opening = open("pvc://unbound", { signal: abort.signal });
      while ((await helpers()).length === 0) await delay(50);
      abort.abort(new Error("given up"));
      await expect(opening).rejects.toThrow("given up");
      expect(await helpers()).toEqual([]);
    });
  },
  { loadsImages: true, labels: RESTRICTED },
);
