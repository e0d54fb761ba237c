import { isKtsError } from "../../contract/errors.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Channel } from "./channel.ts";
import { type ContainerRun, type LoggingContainer, containersOf } from "./container-runs.ts";
import type { LogLine, LogOptions } from "./log-line.ts";
import type { PodBoard } from "./pod-board.ts";
import { type Origin, isGone, lineOf, noteOf, runLines } from "./run-lines.ts";

/** A stream that broke is opened again after this; the pod's status may lag behind as long. */
const PAUSE_MS = 1000;

/** Seconds that a stream which goes on looks back further than it has to; what has been shown is left out. */
const OVERLAP_SECONDS = 5;

/** Where a container's lines come from, and go to. */
export interface Following {
  readonly cluster: Cluster;
  readonly board: PodBoard;
  readonly channel: Channel<LogLine>;
  readonly options: LogOptions;
  readonly signal: AbortSignal;
}

/** The lines of one container of one pod, over all its starts, until the pod is gone or the signal is aborted. */
export class ContainerFollower {
  readonly #following: Following;
  readonly #uid: string;
  readonly #origin: Origin;
  /** Runs whose lines have been shown, or are not wanted. */
  readonly #seen = new Set<string>();
  /** Runs that were followed, and whose end has not been told. */
  readonly #live = new Set<string>();
  #waiting: string | undefined;

  constructor(following: Following, uid: string, origin: Origin) {
    this.#following = following;
    this.#uid = uid;
    this.#origin = origin;
  }

  async follow(): Promise<void> {
    const { board, channel, signal, options } = this.#following;
    for (;;) {
      const { changed } = board;
      const container = this.#now();
      if (container === undefined || signal.aborted) return;
      const isFirstLook = this.#seen.size === 0;
      for (const run of container.runs) {
        if (run.end !== undefined && this.#live.delete(run.id) && !/^exit code 0\b/.test(run.end)) {
          await channel.push(noteOf(this.#origin, `it ended: ${run.end}`));
        }
        if (this.#seen.has(run.id)) continue;
        this.#seen.add(run.id);
        if (run.isPrevious && isFirstLook && options.previous === "without") continue;
        if (run.isRunning) await this.#stream(run);
        else await this.#show(run, container.restarts);
      }
      const { waiting } = container;
      if (waiting !== undefined && waiting !== this.#waiting) {
        await channel.push(noteOf(this.#origin, `it waits: ${waiting}`));
      }
      this.#waiting = waiting;
      await changed;
    }
  }

  #now(): LoggingContainer | undefined {
    const pod = this.#following.board.find(this.#uid);
    return pod && containersOf(pod).find(({ name }) => name === this.#origin.container);
  }

  #isRunning({ id }: ContainerRun): boolean {
    return this.#now()?.runs.some((run) => run.id === id && run.isRunning) === true;
  }

  async #show(run: ContainerRun, restarts: number): Promise<void> {
    const { cluster, channel, options, signal } = this.#following;
    const lines = await runLines(cluster, this.#origin, run, restarts, { ...options, signal });
    for (const line of lines) await channel.push(line);
  }

  /** The lines of a run as they come. A connection may end before the run does, and is made again then. */
  async #stream(run: ContainerRun): Promise<void> {
    const { cluster, board, channel, options, signal } = this.#following;
    const { pod, container } = this.#origin;
    this.#live.add(run.id);
    let lastTime: string | undefined;
    let lastAt = performance.now();
    while (!signal.aborted) {
      const { tailLines } = options;
      const isResumed = lastTime !== undefined;
      const sinceSeconds = isResumed
        ? Math.ceil((performance.now() - lastAt) / 1000) + OVERLAP_SECONDS
        : options.sinceSeconds;
      try {
        const lines = cluster.followLogs({
          pod,
          container,
          timestamps: true,
          signal,
          ...(tailLines !== undefined && !isResumed && { tailLines }),
          ...(sinceSeconds !== undefined && { sinceSeconds }),
        });
        const shown = lastTime;
        for await (const text of lines) {
          const line = lineOf(this.#origin, text, false);
          if (shown !== undefined && line.time !== undefined && line.time <= shown) continue;
          lastTime = line.time ?? lastTime;
          lastAt = performance.now();
          await channel.push(line);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isGone(error) && !(isKtsError(error) && error.code === "KTS_CLUSTER_UNREACHABLE")) throw error;
      }
      if (!this.#isRunning(run)) return;
      await board.changedWithin(PAUSE_MS, signal);
      if (!this.#isRunning(run)) return;
    }
  }
}
