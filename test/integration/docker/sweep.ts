import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../grpc/tools.ts";

/** How the folders of engines begin; the process that started it follows. */
export const ENGINE_FOLDER = "kserve-ts-engine-";

/** How the bridges of engines begin; the process that started it follows. */
export const ENGINE_BRIDGE = "kts";

/** Removes what a run that was killed has left: the kernel ends its engine, but not folders, mounts and bridges. */
export async function sweepEngines(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = new RegExp(`^${ENGINE_FOLDER}(\\d+)-\\w+$`).exec(name) ?? [];
    if (pid !== undefined && hasEnded(Number(pid))) await removeFolder(join(tmpdir(), name));
  }
  for (const name of await readdir("/sys/class/net")) {
    const [, pid] = new RegExp(`^${ENGINE_BRIDGE}(\\d+)-\\d+$`).exec(name) ?? [];
    if (pid !== undefined && hasEnded(Number(pid))) await run("ip", ["link", "delete", name]);
  }
}

/** Removes an engine's folder, with what is still mounted in it or on it. */
export async function removeFolder(folder: string): Promise<void> {
  const { stdout } = await run("findmnt", ["--list", "--noheadings", "--output", "TARGET"]);
  const within = stdout.split("\n").filter((target) => target === folder || target.startsWith(`${folder}/`));
  for (const target of within.toReversed()) await run("umount", ["-l", target]);
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
