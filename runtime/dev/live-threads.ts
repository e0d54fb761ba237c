import type { ModelSource } from "../models/source.ts";
import { SharedThread } from "../workers/shared-workers.ts";
import type { StartThread } from "../workers/worker-thread.ts";

/** A thread that is busy for longer than this is not waited for: it may never come to an end. */
const ANSWER_MS = 1_000;

/**
 * A model that takes longer is loaded in a new thread, though starting one takes time too: what the old one serves would
 * stand still meanwhile.
 */
const SHORT_LOAD_MS = 100;

/** Code that a thread takes in before a new one takes its place: modules that have run once stay in memory. */
const MOST_CODE_BYTES = 64 * 1024 * 1024;
const MOST_CHANGES = 50;

/** A thread of one model, and how much code it has been given. */
interface LiveThread {
  readonly thread: SharedThread;
  readonly keptHash: string | undefined;
  changes: number;
  codeBytes: number;
}

/**
 * The threads of models whose code changes. What is new comes into the thread that has the old beside it, where it can go
 * on with the old one's model; both answer until the old has nothing left to do. A new thread is started for a model that
 * takes its time to load, for one that the thread does not answer for, and for what it has seen too many changes of.
 */
export class LiveThreads {
  /** By name and version. */
  readonly #threads = new Map<string, Set<LiveThread>>();
  /** The threads that a model may come into. */
  readonly #chosen = new WeakMap<ModelSource, readonly LiveThread[]>();

  /** Decides which threads a model comes into. Called before it is started. */
  async choose(source: ModelSource): Promise<void> {
    const candidates = [...this.#of(source)].filter(
      ({ keptHash, changes, codeBytes }) =>
        keptHash === source.code?.keptHash && changes < MOST_CHANGES && codeBytes < MOST_CODE_BYTES,
    );
    const loads = await Promise.all(candidates.map(({ thread }) => thread.expectedLoadMs(source, ANSWER_MS)));
    const isQuick = (ms: number | undefined | "busy") =>
      ms === undefined || (ms !== "busy" && ms < SHORT_LOAD_MS);
    this.#chosen.set(
      source,
      candidates.filter((_candidate, at) => isQuick(loads[at])),
    );
  }

  /** Gives a model a thread: one that was chosen for it and has not got it yet, else a new one. */
  readonly start: StartThread = (boot, limits, isBusy) => {
    const { source } = boot;
    const threads = this.#of(source);
    const chosen = this.#chosen.get(source) ?? [];
    let live = chosen.find((one) => threads.has(one) && !one.thread.hosts(source));
    if (live === undefined) {
      const started: LiveThread = {
        thread: new SharedThread(limits, () => threads.delete(started)),
        keptHash: source.code?.keptHash,
        changes: -1,
        codeBytes: 0,
      };
      threads.add(started);
      live = started;
    }
    live.changes++;
    for (const { source: text } of source.code?.modules ?? []) live.codeBytes += text.length;
    return live.thread.take(boot, isBusy);
  };

  /** Gives up a model that is being loaded, so that whoever waits for it is told. */
  abandon(source: ModelSource): void {
    for (const { thread } of this.#of(source)) thread.release(source);
  }

  #of({ name, version = "" }: ModelSource): Set<LiveThread> {
    const key = `${name}/${version}`;
    let threads = this.#threads.get(key);
    if (threads === undefined) {
      threads = new Set();
      this.#threads.set(key, threads);
    }
    return threads;
  }
}
