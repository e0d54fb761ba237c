import { setTimeout as sleep } from "node:timers/promises";
import { KtsError, isKtsError, messageOf, modelNotFound, modelNotReady } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import type { ModelSettings } from "../config/settings.ts";
import { type ModelState, ServedModel } from "../served-model.ts";
import type { Limit } from "./load-limit.ts";
import type { ModelPlan, PlannedVersion } from "./model-plan.ts";
import type { ModelStore } from "./model-store.ts";

/** One line of the repository index. */
export interface ModelIndexItem {
  readonly name: string;
  /** Empty where the model has no versions. */
  readonly version: string;
  readonly state: ModelState;
  /** Why it is not READY, or what the last load had against its files; else empty. */
  readonly reason: string;
}

/** What an entry needs of the server. */
export interface EntryContext {
  readonly store: ModelStore;
  /** How many models load at once. */
  readonly limit: Limit;
  /** Loads a model, warms it up and marks it ready. */
  readonly start: (model: ServedModel, settings: ModelSettings) => Promise<void>;
  readonly log: PredictorLog;
}

/** A load that hangs does not keep the server from ending. */
const LOAD_ENDS_MS = 5_000;

/** A version that is served, and what it was made of. */
interface Loaded {
  readonly model: ServedModel;
  readonly fingerprint: string | undefined;
  readonly settings: string;
}

/** Everything that is served under one name: its versions, and the loads and unloads that change them, in turn. */
export class ModelEntry implements AsyncDisposable {
  readonly name: string;
  readonly #context: EntryContext;
  /** Highest version first. While nothing is served yet: what is being loaded, or did not load. */
  #versions: readonly Loaded[] = [];
  /** Being loaded to take their place beside, or in place of, those. */
  #coming: readonly Loaded[] = [];
  /** No longer found, but not gone yet. */
  readonly #leaving = new Set<Promise<void>>();
  #unloading: readonly ServedModel[] = [];
  /** What the last load had against a version's files, by version; under "" where that is about all. */
  #problems = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();
  #generation = 0;
  #unloaded = false;
  #disposed = false;
  /** Whether the server is not ready without it: from its first success on, or from the start, until it is unloaded. */
  isNeeded: boolean;

  constructor(name: string, context: EntryContext, isNeeded: boolean) {
    this.name = name;
    this.#context = context;
    this.isNeeded = isNeeded;
  }

  /** Every version, highest first. */
  get versions(): readonly ServedModel[] {
    return this.#versions.map(({ model }) => model);
  }

  /** The version that answers a request which names none: the highest that is ready, else the highest. */
  get current(): ServedModel | undefined {
    const versions = this.#versions;
    if (versions.length < 2) return versions[0]?.model;
    return (versions.find(({ model }) => model.ready) ?? versions[0])?.model;
  }

  get ready(): boolean {
    return this.current?.ready === true;
  }

  /** Whether requests know it: it was not unloaded, and is or was to be loaded. */
  get isServed(): boolean {
    return !this.#unloaded && (this.isNeeded || this.#versions.length > 0);
  }

  /**
   * The model that a request means.
   * @throws KtsError KTS_MODEL_NOT_FOUND; KTS_MODEL_NOT_READY while nothing is loaded; KTS_NOT_IMPLEMENTED for a
   * version of a model that has none
   */
  find(version: string | undefined): ServedModel {
    const { current } = this;
    if (current === undefined) {
      if (!this.isServed) throw modelNotFound(this.name);
      const problem = this.#problems.get("");
      throw modelNotReady(
        this.name,
        problem === undefined ? "It is being loaded." : `It does not load: ${problem}`,
      );
    }
    if (version === undefined || version === current.version) return current;
    const found = this.#versions.find(({ model }) => model.version === version);
    if (found !== undefined) return found.model;
    const problem = this.#problems.get(version);
    if (problem !== undefined) throw modelNotReady(this.name, `Version ${version} does not load: ${problem}`);
    if (current.version !== undefined) throw modelNotFound(this.name, version);
    throw new KtsError("KTS_NOT_IMPLEMENTED", "Model versioning not supported yet.", {
      hint: "Leave /versions/... out of the path, or put the model's files into a folder named by its version.",
    });
  }

  /**
   * Serves what the files are now. A version whose files and settings are as they were stays as it is. One that
   * changed is loaded and warmed beside the old one, which answers until then and finishes what it has. Where a new
   * version does not load, the old ones go on.
   * @throws KtsError the first thing that kept a version from loading
   */
  load(): Promise<void> {
    return this.#inTurn(() => this.#load());
  }

  /** Serves it no longer: requests do not find it from now on, and it is gone when those under way are answered. */
  unload(): Promise<void> {
    return this.#inTurn(() => this.#unload());
  }

  /** Its lines of the repository index. */
  get index(): readonly ModelIndexItem[] {
    const items = new Map<string, ModelIndexItem>();
    const add = (version: string, state: ModelState, reason: string) => {
      if (!items.has(version)) items.set(version, { name: this.name, version, state, reason });
    };
    for (const { model } of this.#versions) {
      const version = model.version ?? "";
      const { state } = model;
      const problem = this.#problems.get(version) ?? this.#problems.get("");
      add(
        version,
        state,
        model.notReadyReason ?? (problem === undefined ? "" : `The last load failed: ${problem}`),
      );
    }
    for (const { model } of this.#coming) add(model.version ?? "", "LOADING", "It is being loaded.");
    for (const model of this.#unloading) add(model.version ?? "", "UNLOADING", "It is being unloaded.");
    if (!this.#unloaded) {
      for (const [version, reason] of this.#problems) {
        if (version !== "" || items.size === 0) add(version, "UNAVAILABLE", reason);
      }
    }
    if (items.size === 0)
      add("", "UNAVAILABLE", this.#unloaded ? "It has been unloaded." : "It is not loaded.");
    return [...items.values()];
  }

  /** Loads and unloads of one name wait for each other. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(task);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #load(): Promise<void> {
    if (this.#disposed) throw new KtsError("KTS_SHUTTING_DOWN", "the server is shutting down");
    const plan = await this.#plan();
    const settings = JSON.stringify(plan.settings);
    const kept: Loaded[] = [];
    const coming: Loaded[] = [];
    for (const version of plan.versions) {
      const old = this.#versions.find(({ model }) => model.version === version.source.version);
      if (old !== undefined && isUnchanged(old, version, settings)) kept.push(old);
      else coming.push(this.#toBeLoaded(version, settings, old?.model));
    }
    this.#problems.clear();
    this.#unloaded = false;
    if (this.#versions.some(({ model }) => model.ready)) this.#coming = coming;
    else this.#replace(highestFirst([...kept, ...coming]));
    const failures = await this.#startAll(coming, plan.settings);
    this.#settle(kept, coming, failures.size > 0);
    const [failure] = failures.values();
    if (failure !== undefined) throw failure;
  }

  async #plan(): Promise<ModelPlan> {
    try {
      return await this.#context.store.plan(this.name, this.#generation);
    } catch (error) {
      this.#problems.set("", messageOf(error));
      throw error;
    }
  }

  #toBeLoaded(version: PlannedVersion, settings: string, previous: ServedModel | undefined): Loaded {
    return { model: new ServedModel(version.source, previous), fingerprint: version.fingerprint, settings };
  }

  async #startAll(coming: readonly Loaded[], settings: ModelSettings): Promise<Map<string, unknown>> {
    const failures = new Map<string, unknown>();
    if (coming.length > 0) this.#generation++;
    const { limit, start } = this.#context;
    await Promise.all(
      coming.map(async ({ model }) => {
        try {
          await limit.run(() => start(model, settings));
        } catch (error) {
          model.markFailed(error);
          failures.set(model.version ?? "", error);
          this.#problems.set(model.version ?? "", messageOf(error));
        }
      }),
    );
    return failures;
  }

  /** What came takes its place. What is not wanted any more leaves, unless something is missing that was to come. */
  #settle(kept: readonly Loaded[], coming: readonly Loaded[], someFailed: boolean): void {
    this.#coming = [];
    const arrived = coming.filter(({ model }) => model.ready);
    const there = new Set([...kept, ...arrived].map(({ model }) => model.version));
    const stays = ({ model }: Loaded) => !there.has(model.version) && model.ready;
    const others = someFailed ? this.#versions.filter(stays) : [];
    const next = [...kept, ...arrived, ...others];
    if (next.length > 0) this.#replace(highestFirst(next));
    if (arrived.length > 0 || kept.length > 0) this.isNeeded = true;
  }

  #replace(next: readonly Loaded[]): void {
    const gone = this.#versions.filter((one) => !next.includes(one));
    this.#versions = next;
    for (const { model } of gone) void this.#retire(model);
  }

  #retire(model: ServedModel): Promise<void> {
    const leaving = model
      .retire()
      .catch((error: unknown) =>
        this.#context.log.error(`unload threw: ${messageOf(error)}`, { model: this.name }),
      )
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    return leaving;
  }

  async #unload(): Promise<void> {
    if (this.#unloaded) return;
    const leaving = this.versions;
    this.#versions = [];
    this.#problems.clear();
    this.isNeeded = false;
    this.#unloaded = true;
    this.#unloading = leaving;
    await Promise.all(leaving.map((model) => this.#retire(model)));
    this.#unloading = [];
  }

  /** Ends at once, and so does a load that is under way, as soon as it can. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const dispose = () =>
      Promise.all([...this.#versions, ...this.#coming].map(({ model }) => model[Symbol.asyncDispose]()));
    await dispose();
    await Promise.race([this.#turn, sleep(LOAD_ENDS_MS, undefined, { ref: false })]);
    await dispose();
    await Promise.all(this.#leaving);
  }
}

function isUnchanged(old: Loaded, { fingerprint }: PlannedVersion, settings: string): boolean {
  return (
    old.model.ready &&
    fingerprint !== undefined &&
    old.fingerprint === fingerprint &&
    old.settings === settings
  );
}

function highestFirst(versions: readonly Loaded[]): readonly Loaded[] {
  return versions.toSorted((a, b) => Number(b.model.version ?? 0) - Number(a.model.version ?? 0));
}

/** A load that failed, in the words of KServe's model repository. */
export function loadFailed(name: string, error: unknown): KtsError {
  const type = isKtsError(error) ? error.code : error instanceof Error ? error.name : "Error";
  return new KtsError(
    "KTS_MODEL_NOT_READY",
    `Model with name ${name} is not ready. Error type: ${type} error msg: ${messageOf(error)}`,
    { cause: error },
  );
}
