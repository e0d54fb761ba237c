/** A worker thread: one module instance and one model, answering the jobs that the main thread sends. */
import { enableCompileCache, flushCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, toErrorRecord } from "../../contract/errors.ts";
import { loadPredictor } from "../models/load-predictor.ts";
import { PredictorRunner } from "../pipeline/runner.ts";
import type { LogFields, LogSink } from "../pipeline/predictor-log.ts";
import { JobLoop } from "./job-loop.ts";
import { StreamLoop } from "./stream-loop.ts";
import type { FromWorker, ToWorker, WorkerBoot } from "./messages.ts";

if (parentPort === null) throw new Error("this module is the entry of a worker thread");
const port = parentPort;
const boot = workerData as WorkerBoot;

function post(message: FromWorker): void {
  port.postMessage(message);
}

const log: LogSink = (level, message, fields) => {
  try {
    post({ type: "log", level, message: String(message), fields });
  } catch {
    // A field that cannot be cloned (a function, a socket) still has its text.
    post({ type: "log", level, message: String(message), fields: textsOf(fields) });
  }
};

function textsOf(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}

async function start(): Promise<void> {
  // Stripping a predictor's types takes 30 ms; from the second start on the cache has it done.
  enableCompileCache();
  const predictor = await loadPredictor(boot.source);
  if (predictor.execution === "inline") {
    post({ type: "inline" });
    port.close();
    return;
  }
  const { source, ...settings } = boot;
  const runner = await PredictorRunner.create(source, predictor, { ...settings, log });
  const loop = new JobLoop(runner, port);
  const streams = new StreamLoop(runner, port);
  port.on("message", (message: ToWorker) => handle(message, runner, loop, streams));
  post({ type: "ready", info: runner.info, concurrency: runner.concurrency ?? 1 });
  flushCompileCache();
}

function handle(message: ToWorker, runner: PredictorRunner, loop: JobLoop, streams: StreamLoop): void {
  switch (message.type) {
    case "jobs":
      loop.add(message.jobs, message.hold);
      return;
    case "stream":
      streams.start(message.job, message.hold);
      return;
    case "credit":
      streams.grant(message.id, message.answers);
      return;
    case "abort":
      loop.abort(message.id, message.reason);
      streams.abort(message.id, message.reason);
      post({ type: "aborting", id: message.id });
      return;
    case "metrics":
      void readMetrics(runner).then((metrics) => post({ type: "metrics", id: message.id, metrics }));
      return;
    case "dispose":
      void unload(runner).then(() => post({ type: "disposed" }));
  }
}

async function readMetrics(runner: PredictorRunner): Promise<unknown> {
  try {
    return await runner.userMetrics();
  } catch (error) {
    log("error", `the predictor's metrics cannot be read: ${messageOf(error)}`, {});
    return undefined;
  }
}

async function unload(runner: PredictorRunner): Promise<void> {
  try {
    await runner[Symbol.asyncDispose]();
  } catch (error) {
    log("error", `unload threw: ${messageOf(error)}`, {});
  }
}

start().catch((error: unknown) => {
  post({ type: "failed", error: toErrorRecord(error, "KTS_LOAD_FAILED") });
  port.close();
});
