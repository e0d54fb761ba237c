import { createHash } from "node:crypto";
import { KtsError } from "../../contract/errors.ts";
import type { Cluster, ExecResult } from "../cluster/cluster.ts";
import { storageUriProblem } from "../config/storage-uri.ts";
import { findClaim } from "./pvc-helper/claim.ts";
import { CONTAINER } from "./pvc-helper/pod.ts";
import { ARRIVED_SCRIPT, END_WORD, EXIT, LIST_SCRIPT, PUT_SCRIPT } from "./pvc-helper/scripts.ts";
import { removeHelper, startHelper } from "./pvc-helper/start.ts";
import type { ModelStore, StoredFile, Upload } from "./store.ts";

/** How a claim is written to. */
export interface PvcStoreOptions {
  /** The cluster that the claim is in. */
  readonly cluster?: Cluster;
  /** Namespace of the claim, which is the deployment's. Default: the cluster's own. */
  readonly namespace?: string;
  /** The environment's variables, of which `KSERVE_TS_HELPER_IMAGE` is read. Default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Image of the helper pod: any that has `sh`, `find`, `stat`, `head` and `sha256sum` as BusyBox or Debian has them.
   * Default: `KSERVE_TS_HELPER_IMAGE`, else `docker.io/library/busybox:stable`.
   */
  readonly helperImage?: string;
  /** User and group that the helper runs as and that own the files; every user can read them. Default 1000. */
  readonly userId?: number;
  /** Secrets with which the helper's image is pulled. Default: those of the namespace's ServiceAccount. */
  readonly imagePullSecrets?: readonly string[];
  /** How long the helper may take to start, in milliseconds. Default 120 000. */
  readonly startTimeoutMs?: number;
  /** Seconds after which the cluster ends the helper by itself. Default 21 600: 6 hours. */
  readonly deadlineSeconds?: number;
  /** Ends the start of the helper. */
  readonly signal?: AbortSignal;
}

/** Image of the helper where none is named. */
export const HELPER_IMAGE = "docker.io/library/busybox:stable";

/** A file below this is sent whole again: asking what has arrived takes longer. */
const RESUME_BYTES = 1024 * 1024;

/**
 * A store on a PersistentVolumeClaim: `pvc://claim/prefix`. Nothing outside of the cluster reaches a volume, so a short
 * helper pod mounts the claim, and files go through it. The pod is deleted when the store is disposed of.
 * @throws KtsError KTS_STORE_NOT_FOUND when there is no such claim, KTS_STORE_DENIED when it can only be read,
 *   KTS_STORE_UNREACHABLE when the helper does not start
 */
export async function openPvcStore(uri: string, options: PvcStoreOptions): Promise<ModelStore> {
  const { claim: claimName, prefix } = parsePvcUri(uri);
  const { cluster, env = {}, signal = new AbortController().signal } = options;
  if (cluster === undefined) {
    throw new KtsError("KTS_CONFIG_INVALID", `store: expected a cluster to be chosen for ${uri}, got none`);
  }
  const namespace = options.namespace ?? cluster.namespace;
  const claim = await findClaim(cluster, namespace, claimName, signal);
  const pod = await startHelper(cluster, claim, {
    image: options.helperImage ?? (env["KSERVE_TS_HELPER_IMAGE"] || HELPER_IMAGE),
    userId: options.userId ?? 1000,
    imagePullSecrets: options.imagePullSecrets ?? [],
    timeoutMs: options.startTimeoutMs ?? 120_000,
    deadlineSeconds: options.deadlineSeconds ?? 21_600,
    signal,
  });
  return new PvcStore(cluster, namespace, pod, claimName, prefix);
}

/** The parts of a claim's URI. */
export function parsePvcUri(uri: string): { readonly claim: string; readonly prefix: string } {
  const problem = uri.startsWith("pvc://") ? storageUriProblem(uri) : "a URI of a claim: pvc://claim/path";
  if (problem !== undefined)
    throw new KtsError("KTS_DEPLOY_INVALID", `store: expected ${problem}, got ${uri}`);
  const [claim = "", ...path] = uri.slice("pvc://".length).split("/");
  return { claim, prefix: path.filter((part) => part !== "").join("/") };
}

class PvcStore implements ModelStore {
  readonly #cluster: Cluster;
  readonly #namespace: string;
  readonly #pod: string;
  readonly #claim: string;
  readonly #prefix: string;

  constructor(cluster: Cluster, namespace: string, pod: string, claim: string, prefix: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#pod = pod;
    this.#claim = claim;
    this.#prefix = prefix;
  }

  uri(path: string): string {
    return `pvc://${this.#claim}/${this.#below(path)}`;
  }

  async list(path: string, signal: AbortSignal): Promise<ReadonlyMap<string, StoredFile>> {
    const { stdout } = this.#checked(
      "listed",
      path,
      await this.#run(LIST_SCRIPT, [this.#below(path)], signal),
    );
    const files = new Map<string, StoredFile>();
    for (const line of stdout.split("\0")) {
      const [, size, sha256, name] = /^(\d+) (\S+) \.\/(.*)$/s.exec(line) ?? [];
      if (size === undefined || name === undefined) continue;
      const below = this.#prefix === "" ? name : name.slice(this.#prefix.length + 1);
      files.set(below, { sizeBytes: Number(size), ...(sha256 !== "-" && { sha256: sha256 as string }) });
    }
    return files;
  }

  async put({ path, content, sha256, onBytes, signal }: Upload): Promise<void> {
    const { sizeBytes } = content;
    const part = createHash("sha256")
      .update(`${sha256} ${this.#below(path)}`)
      .digest("hex");
    const arrived = sizeBytes < RESUME_BYTES ? 0 : await this.#arrived(path, part, sizeBytes, signal);
    if (arrived > 0) onBytes(arrived, true);
    const sizes = [arrived, sizeBytes - arrived, sizeBytes].map(String);
    const stdin = counted(content.read(arrived), onBytes);
    const result = await this.#run(PUT_SCRIPT, [this.#below(path), sha256, part, ...sizes], signal, stdin);
    if (result.exitCode === EXIT.damaged) {
      throw this.#failed(path, "what arrived is not what was sent", "Deploy again; the file is sent anew.");
    }
    if (result.exitCode === EXIT.short) throw this.#failed(path, "the connection ended before the file did");
    this.#checked("written", path, result);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeHelper(this.#cluster, this.#namespace, this.#pod);
  }

  /** How much of a file is there already; of more than there can be, nothing is used. */
  async #arrived(path: string, part: string, most: number, signal: AbortSignal): Promise<number> {
    const { stdout } = this.#checked("looked up", path, await this.#run(ARRIVED_SCRIPT, [part], signal));
    const arrived = Number(stdout.trim());
    return arrived <= most ? arrived : 0;
  }

  async #run(
    script: string,
    args: readonly string[],
    signal: AbortSignal,
    stdin?: AsyncIterable<Uint8Array>,
  ): Promise<ExecResult> {
    return this.#cluster.exec({
      namespace: this.#namespace,
      pod: this.#pod,
      container: CONTAINER,
      command: ["sh", "-c", script, "sh", ...args],
      ...(stdin !== undefined && { stdin, endWord: END_WORD }),
      signal,
    });
  }

  #checked(done: string, path: string, result: ExecResult): ExecResult {
    if (result.exitCode === 0) return result;
    const said = result.stderr.trim() || `the helper's exit code is ${result.exitCode}`;
    const uri = this.uri(path);
    if (/permission denied|read-only file system|operation not permitted/i.test(said)) {
      throw new KtsError("KTS_STORE_DENIED", `${uri} cannot be ${done}: ${said}`, {
        hint: "The volume belongs to another user, or is mounted read-only: make its folder writable to the helper's group.",
      });
    }
    const hint = /no space left/i.test(said)
      ? "Enlarge the claim, or delete models that nothing serves."
      : "";
    throw this.#failed(path, said, hint);
  }

  #failed(path: string, message: string, hint = ""): KtsError {
    return new KtsError("KTS_UPLOAD_FAILED", `${this.uri(path)}: ${message}`, hint === "" ? {} : { hint });
  }

  #below(path: string): string {
    return [this.#prefix, path].filter((part) => part !== "").join("/");
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    onBytes(chunk.length);
  }
}
