/** A worker thread: one model of its own, or one of several that it hosts, answering the jobs that the main thread sends. */
import { flushCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import type { WorkerBoot } from "./messages.ts";
import { hostModel } from "./model-host.ts";

if (parentPort === null) throw new Error("this module is the entry of a worker thread");

if (workerData === "shared") {
  const { hostSeveral } = await import("./several-models.ts");
  hostSeveral(parentPort);
} else {
  await hostModel(parentPort, workerData as WorkerBoot);
  flushCompileCache();
}
