import { mkdtempSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { modelFolder } from "../load/fixture-requests.ts";
import type { LoadProcess } from "../load/load-process.ts";
import { residentMb, resetPeak } from "../measure/process-stats.ts";
import { Child } from "../servers/child.ts";
import { freePort } from "../servers/free-port.ts";
import { serve } from "../servers/kinds.ts";
import { isReady, launch } from "../servers/launch.ts";
import type { Core } from "../servers/pinning.ts";

/** A line of a plot: some numbers over one that grows. */
export interface Curve {
  readonly name: string;
  readonly x: string;
  /** What was measured at each point; the first is plotted. */
  readonly points: readonly { readonly at: number; readonly values: Readonly<Record<string, number>> }[];
}

/** Where and how long to measure. */
export interface GrowthSettings {
  readonly serverCore: Core | undefined;
  /** Every core, for a server with more workers than one. */
  readonly allCores: Core | undefined;
  readonly seconds: number;
  readonly mostConnections: number;
}

const WORKERS = [1, 2];
const MODELS = [1, 10, 100, 1_000];
const CONNECTIONS = [1, 10, 100, 1_000, 10_000];
const BODY_BYTES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
const LARGEST_BODY = 200_000_000;
const BYTES_OF_FLOAT = 4;
const BUSY_CONNECTIONS = 16;
const SETTLE_MS = 1_500;
const MODELS_READY_MS = 60_000;
const OWN = "dist";

/** Requests a second over workers, of a predictor that computes for 20 ms. The server may use every core. */
export async function overWorkers(load: LoadProcess, settings: GrowthSettings): Promise<Curve> {
  const points: Curve["points"][number][] = [];
  for (const workers of WORKERS) {
    const flags = { "--workers": workers };
    await using server = await launch("busy", { own: OWN, core: settings.allCores, flags });
    const { load: result } = await load.order({
      kind: "window",
      port: server.port,
      request: "small-v1",
      connections: BUSY_CONNECTIONS,
      seconds: settings.seconds * 2,
    });
    const residentNow = residentMb(server.child.pid, "VmRSS");
    points.push({ at: workers, values: { "requests/s": result.perSecond, MB: residentNow } });
  }
  return { name: "workers", x: "workers, predicts of 20 ms, 16 connections", points };
}

/** Memory over small ONNX models (iris), idle; and how long they take to be ready. */
export async function overModels(settings: GrowthSettings): Promise<Curve> {
  const points: Curve["points"][number][] = [];
  for (const models of MODELS) {
    const folder = mkdtempSync(join(tmpdir(), "bench-models-"));
    try {
      for (let index = 0; index < models; index++)
        await cp(modelFolder("iris-onnx"), join(folder, `m${index}`), { recursive: true });
      points.push({ at: models, values: await idleOf(folder, settings.serverCore) });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return { name: "models", x: "iris ONNX models in a repository, 1 shared worker", points };
}

async function idleOf(folder: string, core: Core | undefined): Promise<Record<string, number>> {
  const port = await freePort();
  const startedAt = performance.now();
  // Without a number of workers of their own, models share them.
  const args = serve(folder, port, OWN, { "--shared_workers": 1 }).filter(
    (text, index, all) => text !== "--workers" && all[index - 1] !== "--workers",
  );
  await using child = new Child(args, { core });
  while (!(await isReady(port))) {
    if (child.ended !== undefined) throw new Error(`the server ${child.ended}`);
    if (performance.now() - startedAt > MODELS_READY_MS) throw new Error("the models do not get ready");
    await sleep(5);
  }
  const readyMs = performance.now() - startedAt;
  await sleep(SETTLE_MS);
  return { MB: residentMb(child.pid, "VmRSS"), "ms to ready": readyMs };
}

/** Latency of small requests over connections that never pause: above some ten of them, it is time in the queue. */
export async function overConnections(load: LoadProcess, settings: GrowthSettings): Promise<Curve> {
  await using server = await launch("echo-worker", {
    own: OWN,
    core: settings.serverCore,
    flags: { "--max_queue_size": 20_000 },
  });
  const measure = (connections: number, seconds: number) =>
    load.order({ kind: "window", port: server.port, request: "small-v1", connections, seconds });
  await measure(BUSY_CONNECTIONS, settings.seconds);
  const points: Curve["points"][number][] = [];
  for (const connections of CONNECTIONS) {
    const count = Math.min(connections, settings.mostConnections);
    const { load: result } = await measure(count, count > 1_000 ? settings.seconds * 3 : settings.seconds);
    const { p50Ms, p99Ms, perSecond } = result;
    const values = {
      "p50 ms": p50Ms,
      "p99 ms": p99Ms,
      "requests/s": perSecond,
      MB: residentMb(server.child.pid, "VmRSS"),
    };
    points.push({ at: count, values });
  }
  return { name: "connections", x: "connections, small V1 echo in a worker, closed loop", points };
}

/** Throughput over the size of a V2 binary body, answered with ten numbers. */
export async function overBodies(load: LoadProcess, settings: GrowthSettings): Promise<Curve> {
  await using server = await launch("first-ten-worker", {
    own: OWN,
    core: settings.serverCore,
    flags: { "--max_body_bytes": LARGEST_BODY },
  });
  const points: Curve["points"][number][] = [];
  for (const bytes of BODY_BYTES) {
    const order = {
      kind: "body",
      port: server.port,
      connections: bytes > 1e7 ? 2 : 8,
      elements: bytes / BYTES_OF_FLOAT,
    } as const;
    await load.order({ ...order, seconds: settings.seconds / 2 });
    resetPeak(server.child.pid);
    const { load: result } = await load.order({
      ...order,
      seconds: settings.seconds * (bytes > 1e7 ? 2 : 1),
    });
    const { perSecond } = result;
    const peakMb = residentMb(server.child.pid, "VmHWM");
    points.push({
      at: bytes,
      values: { "MB/s": (perSecond * bytes) / 1e6, "requests/s": perSecond, "peak MB": peakMb },
    });
  }
  return { name: "bodies", x: "bytes of a V2 binary body, 8 connections (2 at 100 MB), a worker", points };
}
