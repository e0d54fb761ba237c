/**
 * What batching costs and gains: `node bench/batching.ts [micro|served]`.
 * micro: the bookkeeping of one request, and the way to a worker and back. served: a small dense model over HTTP with and
 * without batching, divided by the loop around the model alone.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Predictor } from "../contract/predictor.ts";
import { tensor } from "../contract/tensor.ts";
import { DEFAULT_LIMITS } from "../protocol/limits.ts";
import { discoverModel } from "../runtime/models/discover.ts";
import { type BatchEntry, Batcher } from "../runtime/pipeline/batcher.ts";
import type { Job } from "../runtime/pipeline/executor.ts";
import { PredictorRunner } from "../runtime/pipeline/runner.ts";
import { startExecutor } from "../runtime/workers/start-executor.ts";
import { closedLoop } from "./load/closed-loop.ts";
import { binaryRequest } from "./load/http-post.ts";
import { createRandom } from "./load/random.ts";
import { cpuMs } from "./measure/process-stats.ts";
import { spreadOf } from "./measure/statistics.ts";
import { MLP_INPUTS, writeMlp } from "./models/mlp.ts";
import { Child } from "./servers/child.ts";
import { canPin, LOAD_CORE, pinThisProcess, SERVER_CORE } from "./servers/pinning.ts";

const BATCH = 32;
const CONNECTIONS = 32;
const SECONDS = 2;
const ROUNDS = 5;
const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), "bench-batching-"));
try {
  const [which] = process.argv.slice(2);
  if (which === "direct") await runDirect(process.argv[3] ?? "");
  else {
    if (which !== "served") await micro();
    if (which !== "micro") await served();
  }
} finally {
  rmSync(folder, { recursive: true });
}

function job(data: Float32Array): Job {
  const payload = { kind: "tensors", tensors: { x: tensor("FP32", [1, data.length], data) } } as const;
  return { verb: "predict", protocol: "v2", requestId: "r", headers: {}, parameters: {}, payload };
}

async function micro(): Promise<void> {
  console.log(`bookkeeping of one request in a batch of ${BATCH}: ${(await bookkeepingUs()).toFixed(2)} us`);
  for (const batching of [false, true]) {
    console.log(
      `to a worker and back, batching ${batching}: ${(await hopUs(batching)).toFixed(1)} us (median)`,
    );
  }
}

/** All that a batch costs beside its run: joining, splitting, contexts, timings. */
async function bookkeepingUs(): Promise<number> {
  const answer = { y: tensor("FP32", [BATCH, 10], new Float32Array(BATCH * 10)) };
  const predictor: Predictor = {
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, MLP_INPUTS] }],
    outputs: [{ name: "y", datatype: "FP32", shape: [-1, 10] }],
    batching: true,
    predict: () => answer,
  };
  const source = { name: "m", predictorPath: "/none/predictor.js", modelFile: undefined, modelDir: "/none" };
  const settings = { intraOpThreads: 1, limits: DEFAULT_LIMITS, log: () => undefined };
  const runner = await PredictorRunner.create(source, predictor, settings);
  const { batching } = runner.info;
  if (batching === undefined) throw new Error("not batched");
  let ended = 0;
  const batcher = new Batcher<BatchEntry>(runner, batching, () => 1, {
    ended: (_entry, outcome) => {
      if ("error" in outcome) throw outcome.error;
      ended++;
    },
    ran: () => undefined,
  });
  const entries = Array.from({ length: BATCH }, () => ({
    job: job(new Float32Array(MLP_INPUTS)),
    signal: never,
    aborted: false,
  }));
  const perRequest: number[] = [];
  for (let round = 0; round < 3000; round++) {
    const startedAt = performance.now();
    batcher.add(entries);
    perRequest.push(((performance.now() - startedAt) * 1000) / BATCH);
    if (round % 64 === 0) await new Promise(setImmediate);
  }
  if (ended !== 3000 * BATCH) throw new Error(`${ended} ended`);
  return spreadOf(perRequest.slice(1000)).median;
}

async function hopUs(batching: boolean): Promise<number> {
  const path = join(folder, `hop-${batching}`);
  mkdirSync(path);
  writeFileSync(
    join(path, "predictor.mjs"),
    `export const batching = ${batching}; export const predict = (_model, input) => input;`,
  );
  const settings = { workers: 1, intraOpThreads: 1, maxQueueSize: 10, log: () => undefined };
  await using executor = await startExecutor(await discoverModel(path), settings);
  const times: number[] = [];
  for (let round = 0; round < 6000; round++) {
    const startedAt = performance.now();
    await executor.run(job(new Float32Array(10)), never);
    times.push((performance.now() - startedAt) * 1000);
  }
  return spreadOf(times.slice(2000)).median;
}

async function served(): Promise<void> {
  const pinned = canPin();
  if (pinned) pinThisProcess(LOAD_CORE);
  const core = pinned ? SERVER_CORE : undefined;
  const on = join(folder, "on");
  const off = join(folder, "off");
  writeMlp(on);
  writeMlp(off);
  writeFileSync(join(off, "predictor.mjs"), "export const batching = false;");
  const direct = new Child([import.meta.filename, "direct", join(on, "model.onnx")], { core, ipc: true });
  const server = new URL("./servers/batching-server.ts", import.meta.url).pathname;
  const servers = [on, off].map((path) => new Child([server, path], { core, ipc: true }));
  try {
    await direct.receive();
    const ports = await Promise.all(servers.map((child) => child.receive<number>()));
    const rows: number[][] = [];
    for (const port of ports) await load(port, 3);
    for (let round = 0; round < ROUNDS; round++) {
      const row: number[] = [];
      const cpuUs: number[] = [];
      for (const [index, child] of [direct, ...servers].entries()) {
        const before = cpuMs(child.pid);
        const port = ports[index - 1];
        const rate = port === undefined ? await direct.ask<number>(SECONDS) : await load(port, SECONDS);
        row.push(rate);
        cpuUs.push(((cpuMs(child.pid) - before) * 1000) / (rate * SECONDS));
      }
      rows.push(row);
      console.log(`${texts(row)} a second, ${texts(cpuUs)} us CPU each`);
    }
    const ratio = (of: number, to: number) =>
      spreadOf(rows.map((row) => (row[of] ?? NaN) / (row[to] ?? NaN))).median;
    console.log(
      `batched / direct: ${ratio(1, 0).toFixed(2)}; batched / unbatched: ${ratio(1, 2).toFixed(2)}`,
    );
  } finally {
    await Promise.all([direct, ...servers].map((child) => child[Symbol.asyncDispose]()));
  }
}

function texts(values: readonly number[]): string {
  return values.map((value) => String(Math.round(value)).padStart(6)).join(" ");
}

async function load(port: number, seconds: number): Promise<number> {
  const random = createRandom(5);
  const bytes = new Uint8Array(Float32Array.from({ length: MLP_INPUTS }, () => random()).buffer);
  const post = binaryRequest([{ name: "x", shape: [1, MLP_INPUTS], datatype: "FP32", bytes }], {
    parameters: { binary_data_output: true },
  });
  const request = { ...post, status: 200, expected: undefined };
  const { perSecond, firstError } = await closedLoop(port, CONNECTIONS, { seconds }, () => request);
  if (firstError !== undefined) throw new Error(firstError);
  return perSecond;
}

/** The ceiling: `session.run` of one row in a loop, one thread. */
async function runDirect(modelFile: string): Promise<void> {
  const session = await InferenceSession.create(modelFile, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const feeds = { x: new Tensor("float32", new Float32Array(MLP_INPUTS).fill(0.5), [1, MLP_INPUTS]) };
  process.on("message", (seconds: number) => {
    void (async () => {
      const startedAt = performance.now();
      let runs = 0;
      while (performance.now() - startedAt < seconds * 1000) {
        await session.run(feeds);
        runs++;
      }
      process.send?.((runs / (performance.now() - startedAt)) * 1000);
    })();
  });
  process.send?.("ready");
  await new Promise<void>((resolve) => process.on("disconnect", resolve));
}
