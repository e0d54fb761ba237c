import { relative } from "node:path";
import { messageOf } from "../../contract/errors.ts";
import type { KserveConfig } from "../../contract/config.ts";
import { readConfig } from "../config/read-config.ts";
import type { ModelRepository } from "../models/model-repository.ts";
import type { ModelStore } from "../models/model-store.ts";
import type { ModelSource } from "../models/source.ts";
import type { ServedModel } from "../served-model.ts";
import type { CodeState, CodeWatch } from "./code-state.ts";
import { changedServerOptions } from "./config-changes.ts";
import { FolderWatch } from "./folder-watch.ts";
import { LiveThreads } from "./live-threads.ts";
import { ProjectFiles, type ProjectPlace } from "./project-files.ts";
import { problemText } from "./problem-text.ts";
import type { WatchEvent } from "./watch-event.ts";
import { WatchedStore } from "./watched-store.ts";

/** A save is several changes of a folder, which come within this time. */
const SAVE_MS = 15;

/** A change that is still being loaded when the next one comes is given up after this time, as it may never load. */
const SUPERSEDED_MS = 1_000;

/** What a watch is started with. */
export interface WatchSetup {
  readonly place: ProjectPlace;
  readonly store: ModelStore;
  /** The config of the folder that is served. A change puts another one here. */
  readonly context: { config: KserveConfig };
  /** Told of what happens, line by line. */
  readonly seen: (event: WatchEvent) => void;
}

/** A change that has not been served yet. */
interface Change {
  readonly files: ReadonlySet<string>;
  /** When it was noticed, by `performance.now`. */
  readonly since: number;
}

/** Serves what a project's files are, as they change. What cannot be served leaves what was there before it. */
export class ProjectWatch implements CodeWatch, Disposable {
  readonly store: WatchedStore;
  readonly threads = new LiveThreads();
  readonly #setup: WatchSetup;
  readonly #files: ProjectFiles;
  readonly #seers = new Set<(state: CodeState) => void>();
  readonly #waiting = new Map<string, Change>();
  readonly #running = new Set<string>();
  readonly #problems = new Map<string, string>();
  readonly #starting = new Set<ModelSource>();
  #repository: ModelRepository | undefined;
  #folders: FolderWatch | undefined;
  #state: CodeState = { status: "live", swaps: 0 };
  #swaps = 0;
  #configReadings = 0;
  #stirredAt: number | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #looking = false;
  #disposed = false;

  constructor(setup: WatchSetup) {
    this.#setup = setup;
    this.store = new WatchedStore(setup.store);
    this.#files = new ProjectFiles(this.store, setup.place);
  }

  get state(): CodeState {
    return this.#state;
  }

  onChange(seen: (state: CodeState) => void): () => void {
    this.#seers.add(seen);
    return () => void this.#seers.delete(seen);
  }

  /**
   * Starts a model in a thread that may have it already.
   * @param start loads it, warms it up and marks it ready
   */
  async start({ source }: ServedModel, start: () => Promise<void>): Promise<void> {
    this.#starting.add(source);
    try {
      await this.threads.choose(source);
      await start();
      this.store.wentLive(source);
    } finally {
      this.#starting.delete(source);
    }
  }

  /** From now on changes of the files are served. */
  async begin(repository: ModelRepository): Promise<void> {
    this.#repository = repository;
    this.#folders = new FolderWatch((from) => {
      if (from === "event") this.#stirredAt ??= performance.now();
      this.#lookAfter(SAVE_MS);
    });
    await this.#look();
  }

  #lookAfter(ms: number): void {
    if (this.#disposed) return;
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      this.#look().catch((error: unknown) =>
        this.#setup.seen({ kind: "notice", text: `the project cannot be looked at: ${messageOf(error)}` }),
      );
    }, ms);
  }

  async #look(): Promise<void> {
    if (this.#looking) return this.#lookAfter(SAVE_MS);
    this.#looking = true;
    const stirredAt = this.#stirredAt;
    this.#stirredAt = undefined;
    try {
      const { changed, config, folders, unsettled, againMs } = await this.#files.look();
      await this.#folders?.set(folders);
      if (this.#disposed) return;
      const since = stirredAt ?? performance.now();
      if (config !== undefined) await this.#readConfig(config, since);
      for (const [name, files] of changed) this.#changed(name, { files, since });
      // What a broken change lacks may have come, such as a file that it reads.
      if (stirredAt !== undefined) {
        for (const name of this.#problems.keys()) {
          if (changed.has(name) || unsettled.has(name)) continue;
          this.#changed(name, { files: new Set(), since });
        }
      }
      if (againMs !== undefined) {
        this.#stirredAt ??= stirredAt;
        this.#lookAfter(againMs);
      }
    } finally {
      this.#looking = false;
    }
  }

  #changed(name: string, { files, since }: Change): void {
    const other = this.#waiting.get(name);
    const all = new Set([...(other?.files ?? []), ...files]);
    this.#waiting.set(name, { files: all, since: other?.since ?? since });
    if (this.#running.has(name)) this.#giveUpLater(name);
    else void this.#serveAll(name);
  }

  #giveUpLater(name: string): void {
    const late = [...this.#starting].filter((source) => source.name === name);
    setTimeout(() => {
      for (const source of late) if (this.#starting.has(source)) this.threads.abandon(source);
    }, SUPERSEDED_MS).unref();
  }

  /** One change after the other; those that come meanwhile are one. */
  async #serveAll(name: string): Promise<void> {
    this.#running.add(name);
    this.#tell();
    for (let change = this.#take(name); change !== undefined; change = this.#take(name)) {
      await this.#serve(name, change);
    }
    this.#running.delete(name);
    this.#tell();
    this.#lookAfter(SAVE_MS);
  }

  #take(name: string): Change | undefined {
    const change = this.#disposed ? undefined : this.#waiting.get(name);
    this.#waiting.delete(name);
    return change;
  }

  async #serve(name: string, change: Change): Promise<void> {
    const repository = this.#repository as ModelRepository;
    const entry = repository.has(name) ? repository.find(name) : undefined;
    // What the repository API has unloaded stays so.
    if (entry?.isServed === false) return;
    const before = new Set(entry?.versions);
    const files = [...change.files].sort();
    try {
      await (entry === undefined ? repository.load(name) : entry.load());
    } catch (error) {
      this.#failed(name, change, error);
      return;
    }
    const wasBroken = this.#problems.delete(name);
    const fresh = repository.find(name).versions.filter((model) => !before.has(model));
    if (fresh.length === 0) {
      if (wasBroken) this.#setup.seen({ kind: "same", files });
      return;
    }
    this.#swaps++;
    const ms = performance.now() - change.since;
    const kept = fresh.map(({ info }) => info.isModelKept).filter((one) => one !== undefined);
    const isModelKept = kept.length === 0 ? undefined : kept.every(Boolean);
    this.#setup.seen({ kind: "live", model: name, files, ms, isModelKept });
    for (const { source } of fresh) await this.#leaveOutOwn(source);
  }

  async #leaveOutOwn(source: ModelSource): Promise<void> {
    const { place, seen } = this.#setup;
    for (const file of await this.store.loaded(source)) {
      const text = `${relative(place.folder, file)} is written whenever the model is loaded, so it is not watched any more`;
      seen({ kind: "notice", text });
    }
  }

  #failed(name: string, change: Change, error: unknown): void {
    if (this.#disposed) return;
    // It was given up for the next one.
    if (this.#waiting.has(name)) return this.#changed(name, change);
    const problem = problemText(error, this.store.sourcesOf(name));
    const known = this.#problems.get(name);
    this.#problems.set(name, problem);
    if (known === problem && change.files.size === 0) return;
    this.#setup.seen({ kind: "broken", model: name, files: [...change.files].sort(), problem });
  }

  /** The settings of models are served; the server's own options are not changed while it runs. */
  async #readConfig(file: string, since: number): Promise<void> {
    const { context, place, seen } = this.#setup;
    let config: KserveConfig;
    try {
      config = await readConfig(place.folder, ++this.#configReadings);
    } catch (error) {
      seen({ kind: "broken", model: "", files: [file], problem: messageOf(error) });
      return;
    }
    const options = changedServerOptions(context.config, config);
    if (options.length > 0) {
      seen({ kind: "notice", text: `${file} changed: start again for ${options.join(", ")}` });
    }
    context.config = config;
    for (const name of await this.store.list()) this.#changed(name, { files: new Set([file]), since });
  }

  #tell(): void {
    const [problem] = this.#problems.values();
    const status = this.#running.size > 0 ? "changing" : problem === undefined ? "live" : "broken";
    const state: CodeState = { status, swaps: this.#swaps, ...(problem !== undefined && { problem }) };
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    for (const seen of this.#seers) seen(state);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#lookTimer);
    this.#folders?.[Symbol.dispose]();
    for (const source of this.#starting) this.threads.abandon(source);
  }
}
