import type { LoadProcess } from "../load/load-process.ts";
import { type LaunchOptions, launch } from "../servers/launch.ts";
import { BOTH_CORES } from "../servers/pinning.ts";
import { type Spread, spreadOf } from "./statistics.ts";

const CONNECTIONS = 8;
const PROBE_EVERY_MS = 20;

/** How fast readiness answers while every worker computes. */
export interface HealthUnderLoad {
  /** `two cores`: the server may use both, as may the load; `one core`: server and worker share one. */
  readonly cores: "two cores" | "one core";
  readonly predictsPerSecond: number;
  readonly probes: number;
  readonly probeMs: Spread;
}

/** Probes `/v2/health/ready` while 8 connections keep a worker busy with predicts of 20 ms. */
export async function measureHealth(
  seconds: number,
  load: LoadProcess,
  options: LaunchOptions,
): Promise<HealthUnderLoad[]> {
  const results: HealthUnderLoad[] = [];
  const places = [
    // Said outright: a child inherits the one core that this process is tied to.
    ["two cores", options.core === undefined ? undefined : BOTH_CORES],
    ["one core", options.core],
  ] as const;
  for (const [cores, core] of places) {
    await using server = await launch("busy", { ...options, core });
    // What is loaded half a second after the start holds the event loop up once; this is about what comes after.
    await fetch(`http://127.0.0.1:${server.port}/metrics`);
    await fetch(`http://127.0.0.1:${server.port}/v2`);
    const { load: predicts, probesMs = [] } = await load.order({
      kind: "probe",
      port: server.port,
      connections: CONNECTIONS,
      seconds,
      path: "/v2/health/ready",
      everyMs: PROBE_EVERY_MS,
    });
    results.push({
      cores,
      predictsPerSecond: predicts.perSecond,
      probes: probesMs.length,
      probeMs: spreadOf(probesMs),
    });
  }
  return results;
}
