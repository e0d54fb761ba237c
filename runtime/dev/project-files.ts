import { dirname, join, relative } from "node:path";
import { CONFIG_FILES } from "../config/config-file.ts";
import { listFiles, stampOf } from "../models/fingerprint.ts";
import { entriesOf } from "../models/folder.ts";
import { PREDICTOR_FILES } from "../models/predictor-file.ts";
import type { ModelSource } from "../models/source.ts";
import { changedFiles } from "./model-files.ts";
import type { WatchedStore } from "./watched-store.ts";

/** A model's files are whole once nothing has happened to them for so long. */
const WHOLE_MS = 150;

/** An editor that empties a file before it writes it has written it by then. */
const WRITTEN_MS = 100;

/** Where a project lies. */
export interface ProjectPlace {
  /** The folder of the project, or of the repository. */
  readonly folder: string;
  readonly isRepository: boolean;
}

/** What a look at a project's files has shown. */
export interface Look {
  /** The files that changed, by model; relative to the project. */
  readonly changed: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether the project's config file did: its name. */
  readonly config: string | undefined;
  /** The folders to watch. */
  readonly folders: ReadonlySet<string>;
  /** Models of which something is being written. */
  readonly unsettled: ReadonlySet<string>;
  /** Then: look again after so many milliseconds. */
  readonly againMs: number | undefined;
}

/** Finds out which files of a project have changed since it last looked. */
export class ProjectFiles {
  readonly #store: WatchedStore;
  readonly #place: ProjectPlace;
  /** Stamps by path, as they were at the last look. */
  #stamps = new Map<string, string>();
  #names: ReadonlySet<string> | undefined;
  /** What was in folders that hold no model yet, by model; and the folders that held one then. */
  readonly #others = new Map<string, { texts: ReadonlyMap<string, string>; taken: ReadonlySet<string> }>();
  /** Files that were found empty, and model folders that differ from what is served: since when. */
  readonly #unsettled = new Map<string, { readonly text: string; readonly at: number }>();

  constructor(store: WatchedStore, place: ProjectPlace) {
    this.#store = store;
    this.#place = place;
  }

  /** The first look only remembers. */
  async look(): Promise<Look> {
    const names = await this.#store.list();
    const stamps = new Map<string, string>();
    const changed = new Map<string, Set<string>>();
    const folders = new Set([this.#place.folder]);
    const waits = new Map<string, number>();
    const wait = (name: string, ms: number) => void waits.set(name, Math.min(ms, waits.get(name) ?? ms));
    const change = (name: string, file: string) => {
      changed.set(name, (changed.get(name) ?? new Set()).add(relative(this.#place.folder, file) || "."));
    };
    for (const name of names) {
      const folder = this.#place.isRepository ? join(this.#place.folder, name) : this.#place.folder;
      folders.add(folder);
      if (this.#names?.has(name) === false) change(name, folder);
      for (const file of this.#codeFiles(name, folder)) {
        folders.add(dirname(file));
        const state = await this.#stateOf(file, stamps);
        if (state === "changed") change(name, file);
        if (state === "empty") wait(name, WRITTEN_MS);
      }
      const others = await this.#otherFolders(name, folder, folders);
      if (others === "unsettled") wait(name, WHOLE_MS);
      else for (const other of others) change(name, other);
      for (const source of this.#store.sourcesOf(name)) {
        const found = await this.#modelFiles(source, folders);
        if (found === "unsettled") wait(name, WHOLE_MS);
        else for (const file of found) change(name, join(source.modelDir, file));
      }
    }
    const config = await this.#changedConfig(stamps);
    this.#stamps = stamps;
    this.#names = new Set(names);
    const unsettled = new Set(waits.keys());
    const againMs = waits.size > 0 ? Math.min(...waits.values()) : undefined;
    return { changed, config, folders, unsettled, againMs };
  }

  /** Those there are, and those whose coming would change what the model is made of. */
  #codeFiles(name: string, folder: string): ReadonlySet<string> {
    const usual = [...PREDICTOR_FILES, ...(this.#place.isRepository ? CONFIG_FILES : [])];
    const own = this.#store.sourcesOf(name).flatMap((source) => this.#store.codeFilesOf(source));
    return new Set([...usual.map((file) => join(folder, file)), ...own]);
  }

  /** The folders that have changed of those where a model's files, or another version, may be to come. */
  async #otherFolders(
    name: string,
    folder: string,
    folders: Set<string>,
  ): Promise<readonly string[] | "unsettled"> {
    const key = `${name}/*`;
    const sources = this.#store.sourcesOf(name);
    const now = new Map<string, string>();
    for (const other of await otherFolders(folder, sources)) {
      folders.add(other);
      const files = await listFiles([other], undefined);
      // Nothing is in a folder that was only made.
      if (files === undefined || files.length > 0) now.set(other, files?.join("\n") ?? "");
    }
    const before = this.#others.get(name);
    const text = JSON.stringify([...now]);
    const isNew = (other: string) => before?.texts.get(other) !== now.get(other) && !before?.taken.has(other);
    const changed = before === undefined ? [] : [...now.keys()].filter(isNew);
    if (changed.length > 0 && !this.#isSettled(key, text, WHOLE_MS)) return "unsettled";
    this.#unsettled.delete(key);
    this.#others.set(name, { texts: now, taken: new Set(sources.map(({ modelDir }) => modelDir)) });
    return changed;
  }

  async #stateOf(file: string, stamps: Map<string, string>): Promise<"same" | "changed" | "empty"> {
    const stamp = await stampOf(file);
    const before = this.#stamps.get(file);
    if (before === undefined || before === stamp) {
      stamps.set(file, stamp);
      return "same";
    }
    if (stamp.startsWith("0 ") && !this.#isSettled(file, stamp, WRITTEN_MS)) {
      stamps.set(file, before);
      return "empty";
    }
    this.#unsettled.delete(file);
    stamps.set(file, stamp);
    return "changed";
  }

  /** A copy under way is waited for, as half a model is none. */
  async #modelFiles(source: ModelSource, folders: Set<string>): Promise<readonly string[] | "unsettled"> {
    const planned = this.#store.plannedFilesOf(source);
    const files = await this.#store.filesNow(source, (folder) => folders.add(folder));
    const { modelDir } = source;
    if (planned === undefined || planned === files) {
      this.#unsettled.delete(modelDir);
      return [];
    }
    if (!this.#isSettled(modelDir, files, WHOLE_MS)) return "unsettled";
    this.#unsettled.delete(modelDir);
    this.#store.takeFiles(source, files);
    return changedFiles(planned, files, source);
  }

  #isSettled(path: string, text: string, ms: number): boolean {
    const known = this.#unsettled.get(path);
    const now = performance.now();
    if (known?.text === text) return now - known.at >= ms - 1;
    this.#unsettled.set(path, { text, at: now });
    return false;
  }

  async #changedConfig(stamps: Map<string, string>): Promise<string | undefined> {
    let changed: string | undefined;
    for (const name of CONFIG_FILES) {
      const file = join(this.#place.folder, name);
      if ((await this.#stateOf(file, stamps)) === "changed") changed = name;
    }
    return changed;
  }
}

/** Folders of a model's project that hold none of its files, but may: its `model/`, and those called by a number. */
async function otherFolders(folder: string, sources: readonly ModelSource[]): Promise<readonly string[]> {
  const usual = join(folder, "model");
  const taken = sources.map(({ modelDir }) => modelDir);
  const roots = new Set([folder, usual]);
  for (const { version, modelDir } of sources) if (version !== undefined) roots.add(dirname(modelDir));
  const others = new Set<string>();
  for (const root of roots) {
    for (const entry of await entriesOf(root)) {
      if (!entry.isFile() && /^\d+$/.test(entry.name)) others.add(join(root, entry.name));
    }
  }
  if (!taken.some((path) => path.startsWith(join(usual, "/")))) others.add(usual);
  // What is within a model's folder is seen there.
  const isWithin = (path: string) => taken.some((dir) => path === dir || path.startsWith(join(dir, "/")));
  return [...others].filter((path) => !isWithin(path));
}
