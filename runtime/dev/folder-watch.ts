import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";

/** Folders on a network, and some that are mounted into a container, tell of no change: they are looked at this often. */
const LOOK_MS = 1_500;

/** Something may have changed. */
export type OnStir = (from: "event" | "clock") => void;

/**
 * Watches folders, not files: an editor that saves by renaming puts another file in the place of the one that a watcher
 * would hold on to. What has changed is for others to find out.
 */
export class FolderWatch implements Disposable {
  readonly #onStir: OnStir;
  readonly #watched = new Map<string, { readonly inode: number; readonly watcher: FSWatcher }>();
  readonly #clock: NodeJS.Timeout;
  #disposed = false;

  constructor(onStir: OnStir) {
    this.#onStir = onStir;
    this.#clock = setInterval(() => onStir("clock"), LOOK_MS).unref();
  }

  /** Watches these and no others, in place of those before. A folder that is not there is left out. */
  async set(folders: ReadonlySet<string>): Promise<void> {
    for (const [path, { watcher }] of this.#watched) {
      if (folders.has(path)) continue;
      watcher.close();
      this.#watched.delete(path);
    }
    await Promise.all([...folders].map((path) => this.#add(path)));
  }

  async #add(path: string): Promise<void> {
    const there = await stat(path).catch(() => undefined);
    const known = this.#watched.get(path);
    // One that was removed and made again is another folder.
    if (known !== undefined && known.inode === there?.ino) return;
    known?.watcher.close();
    this.#watched.delete(path);
    if (this.#disposed || there?.isDirectory() !== true) return;
    try {
      const watcher = watch(path, { persistent: false }, () => this.#onStir("event"));
      watcher.on("error", () => watcher.close());
      this.#watched.set(path, { inode: there.ino, watcher });
    } catch {
      // The system has no watchers left: the clock remains.
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearInterval(this.#clock);
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }
}
