import { dirname, resolve } from "node:path";
import { fingerprintOf, listFiles } from "../models/fingerprint.ts";
import { kindOf } from "../models/folder.ts";
import { FolderWatch } from "./folder-watch.ts";

/** A save is several changes, which come within this time. */
const SAVE_MS = 50;

/**
 * What a project's files are now, to be compared with what they are later.
 * @param path of the project's folder, or of a file in it
 */
export async function projectFingerprint(path: string): Promise<string | undefined> {
  return fingerprintOf([await folderOf(path)], undefined);
}

/**
 * Waits until any file of a project is another one.
 * @param path of the project's folder, or of a file in it
 * @param before what {@link projectFingerprint} gave
 * @param signal ends the waiting
 */
export async function untilChanged(
  path: string,
  before: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const folder = await folderOf(path);
  const folders = new Set([folder]);
  await listFiles([folder], undefined, { onFolder: (one) => folders.add(one) });
  const { promise, resolve: done, reject } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    timer = undefined;
    if ((await projectFingerprint(folder)) !== before) done();
  };
  using watch = new FolderWatch(() => (timer ??= setTimeout(() => void look().catch(reject), SAVE_MS)));
  await watch.set(folders);
  await look();
  signal.addEventListener("abort", () => done(), { once: true });
  // Nothing else keeps the process alive meanwhile.
  const alive = setInterval(() => undefined, 60_000);
  await promise.finally(() => {
    clearInterval(alive);
    clearTimeout(timer);
  });
}

async function folderOf(path: string): Promise<string> {
  const target = resolve(path);
  return (await kindOf(target)) === "folder" ? target : dirname(target);
}
