import { type ResourceLimits, Worker } from "node:worker_threads";
import type { FromWorker, ToWorker, WorkerBoot } from "./messages.ts";
import { ownEntry } from "./own-entry.ts";

/** The thread that a model runs in, or its share of one: what a `WorkerHandle` needs of a `Worker`. */
export interface WorkerThread {
  postMessage(message: ToWorker, blocks: readonly ArrayBuffer[]): void;
  on(event: "message", listener: (message: FromWorker) => void): unknown;
  on(event: "error" | "messageerror", listener: (error: unknown) => void): unknown;
  on(event: "exit", listener: (code: number) => void): unknown;
  /** Ends it; of a shared thread the model's share. */
  terminate(): Promise<unknown>;
  /** Only of a thread that others share. */
  readonly share?: ThreadShare;
}

/** What matters of a thread beyond the one model. */
export interface ThreadShare {
  /** Whether another model's request is under way, which must not be lost for the sake of this one's. */
  readonly isNeeded: boolean;
  /** Whether the thread's end was another model's doing. */
  readonly isBystander: boolean;
  /** Ends the whole thread. */
  end(): void;
}

/**
 * Gives a model its thread.
 * @param isBusy whether a request of the model is under way that nobody has given up
 */
export type StartThread = (boot: WorkerBoot, limits: ResourceLimits, isBusy: () => boolean) => WorkerThread;

/** A thread of the model's own. */
export const startOwnThread: StartThread = (boot, resourceLimits) =>
  new Worker(new URL(ownEntry("worker")), { workerData: boot, name: boot.source.name, resourceLimits });
