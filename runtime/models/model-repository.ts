import { isKtsError, modelNotFound } from "../../contract/errors.ts";
import type { ServedModel } from "../served-model.ts";
import { type EntryContext, ModelEntry, type ModelIndexItem, loadFailed } from "./model-entry.ts";

/** A model that did not load. */
export interface LoadFailure {
  readonly name: string;
  readonly error: unknown;
}

/** The models of a server by name, and how they come and go. */
export class ModelRepository implements AsyncDisposable {
  readonly #context: EntryContext;
  /** In the order they were first loaded. */
  readonly #entries = new Map<string, ModelEntry>();

  constructor(context: EntryContext) {
    this.#context = context;
  }

  /** The entries that requests know. */
  get entries(): readonly ModelEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.isServed);
  }

  /** How many models there are or may be. */
  get size(): number {
    return this.#entries.size;
  }

  /** Every version of every model, loaded or being loaded. */
  get models(): readonly ServedModel[] {
    return [...this.#entries.values()].flatMap((entry) => entry.versions);
  }

  /** Whether every model that should be served can answer. */
  get ready(): boolean {
    for (const entry of this.#entries.values()) if (entry.isNeeded && !entry.ready) return false;
    return true;
  }

  /** Whether a name was loaded, or was to be; it may have been unloaded since. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * The entry of a name that requests know.
   * @throws KtsError KTS_MODEL_NOT_FOUND
   */
  find(name: string): ModelEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw modelNotFound(name);
    return entry;
  }

  /** Loads models that the server is not ready without; one that fails does not keep the others from loading. */
  async loadAll(names: readonly string[]): Promise<readonly LoadFailure[]> {
    const failures: LoadFailure[] = [];
    const entries = names.map((name) => this.#entry(name, true));
    await Promise.all(
      entries.map((entry) =>
        entry.load().catch((error: unknown) => void failures.push({ name: entry.name, error })),
      ),
    );
    return failures;
  }

  /**
   * Loads a model, or loads it again where its files have changed.
   * @throws KtsError KTS_MODEL_NOT_FOUND; KTS_INVALID_INPUT for a name that cannot be one; KTS_MODEL_NOT_READY with
   * the reason when it does not load
   */
  async load(name: string): Promise<void> {
    await this.#context.store.require(name);
    try {
      await this.#entry(name, false).load();
    } catch (error) {
      if (isKtsError(error) && error.code === "KTS_SHUTTING_DOWN") throw error;
      throw loadFailed(name, error);
    }
  }

  /**
   * Unloads a model, once the requests that it has are answered. What is unloaded already stays so.
   * @throws KtsError KTS_MODEL_NOT_FOUND
   */
  async unload(name: string): Promise<void> {
    await this.find(name).unload();
  }

  /** What there is to be loaded, and what is, by name. */
  async index(): Promise<readonly ModelIndexItem[]> {
    const names = await this.#context.store.list();
    const unknown = names
      .filter((name) => !this.#entries.has(name))
      .map((name): ModelIndexItem => {
        return { name, version: "", state: "UNAVAILABLE", reason: "It is not loaded." };
      });
    return [...[...this.#entries.values()].flatMap((entry) => entry.index), ...unknown];
  }

  #entry(name: string, isNeeded: boolean): ModelEntry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = new ModelEntry(name, this.#context, isNeeded);
      this.#entries.set(name, entry);
    }
    return entry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => entry[Symbol.asyncDispose]()));
  }
}
