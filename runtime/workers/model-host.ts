import type { MessagePort } from "node:worker_threads";
import { messageOf, toErrorRecord } from "../../contract/errors.ts";
import { loadPredictor } from "../models/load-predictor.ts";
import { PredictorRunner } from "../pipeline/runner.ts";
import type { LogFields, LogSink } from "../pipeline/predictor-log.ts";
import { EngineRuns } from "./engine-runs.ts";
import { JobLoop } from "./job-loop.ts";
import type { FromWorker, ToWorker, WorkerBoot } from "./messages.ts";
import { StreamLoop } from "./stream-loop.ts";
import { FlatReader } from "./wire.ts";

/**
 * Loads a model in this thread and answers the jobs that come through a port. What keeps it from loading goes the same
 * way; the promise resolves once either is said.
 * @returns what unloads it, however often it is called; undefined where nothing is loaded
 */
export async function hostModel(
  port: MessagePort,
  boot: WorkerBoot,
): Promise<(() => Promise<void>) | undefined> {
  try {
    return await start(port, boot);
  } catch (error) {
    post(port, { type: "failed", error: toErrorRecord(error, "KTS_LOAD_FAILED") });
    port.close();
    return undefined;
  }
}

async function start(port: MessagePort, boot: WorkerBoot): Promise<(() => Promise<void>) | undefined> {
  const predictor = await loadPredictor(boot.source);
  if (predictor.execution === "inline") {
    post(port, { type: "inline" });
    port.close();
    return undefined;
  }
  const { source, ...settings } = boot;
  const log = logTo(port);
  const runner = await PredictorRunner.create(source, predictor, { ...settings, log });
  const loop = new JobLoop(runner, port);
  const runs = new EngineRuns(runner, port);
  const streams = new StreamLoop(runner, port);
  let unloaded: Promise<void> | undefined;
  const unload = () => (unloaded ??= disposeOf(runner, log));
  const host = { port, runner, loop, runs, streams, log, unload };
  port.on("message", (message: ToWorker) => handle(message, host));
  const { info, isEngineOnly, takesRuns, concurrency = 1 } = runner;
  post(port, { type: "ready", info, concurrency, isEngineOnly, takesRuns });
  return unload;
}

interface Host {
  readonly port: MessagePort;
  readonly runner: PredictorRunner;
  readonly loop: JobLoop;
  readonly runs: EngineRuns;
  readonly streams: StreamLoop;
  readonly log: LogSink;
  readonly unload: () => Promise<void>;
}

function handle(message: ToWorker, host: Host): void {
  if (message instanceof Array) {
    const [type, hold] = message;
    const reader = new FlatReader(message, 2, hold);
    if (type === "run") host.runs.start(reader);
    else if (type === "jobs") host.loop.add(reader);
    else host.streams.start(reader);
    return;
  }
  switch (message.type) {
    case "credit":
      host.streams.grant(message.id, message.answers);
      return;
    case "abort":
      host.loop.abort(message.id, message.reason);
      host.streams.abort(message.id, message.reason);
      post(host.port, { type: "aborting", id: message.id });
      return;
    case "metrics":
      void readMetrics(host).then((metrics) => post(host.port, { type: "metrics", id: message.id, metrics }));
      return;
    case "dispose":
      void host.unload().then(() => post(host.port, { type: "disposed" }));
  }
}

async function readMetrics({ runner, log }: Host): Promise<unknown> {
  try {
    return await runner.userMetrics();
  } catch (error) {
    log("error", `the predictor's metrics cannot be read: ${messageOf(error)}`, {});
    return undefined;
  }
}

async function disposeOf(runner: PredictorRunner, log: LogSink): Promise<void> {
  try {
    await runner[Symbol.asyncDispose]();
  } catch (error) {
    log("error", `unload threw: ${messageOf(error)}`, {});
  }
}

function post(port: MessagePort, message: FromWorker): void {
  port.postMessage(message);
}

function logTo(port: MessagePort): LogSink {
  return (level, message, fields) => {
    try {
      post(port, { type: "log", level, message: String(message), fields });
    } catch {
      // A field that cannot be cloned (a function, a socket) still has its text.
      post(port, { type: "log", level, message: String(message), fields: textsOf(fields) });
    }
  };
}

function textsOf(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}
