/** A worker thread: one model of its own, or one of several that it hosts, answering the jobs that the main thread sends. */
import { enableCompileCache, flushCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import type { WorkerBoot } from "./messages.ts";

if (parentPort === null) throw new Error("this module is the entry of a worker thread");

// Compiling takes a good part of a start, and stripping a predictor's types 30 ms; from the second start on the cache has
// it done. It has what is imported after this, so everything is.
enableCompileCache();

if (workerData === "shared") {
  const { hostSeveral } = await import("./several-models.ts");
  hostSeveral(parentPort);
} else {
  const { hostModel } = await import("./model-host.ts");
  await hostModel(parentPort, workerData as WorkerBoot);
  flushCompileCache();
}
