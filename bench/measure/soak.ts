import type { LoadProcess } from "../load/load-process.ts";
import type { ServerKind } from "../servers/kinds.ts";
import { type LaunchOptions, launch } from "../servers/launch.ts";
import { residentMb } from "./process-stats.ts";
import { slopeOf } from "./statistics.ts";

const STEP = 5_000;
const SETTLED_AFTER = 20_000;
const CONNECTIONS = 8;

/** Resident memory over many requests of mixed sizes. */
export interface Soak {
  readonly variant: string;
  readonly requests: number;
  readonly seconds: number;
  /** Resident memory in MB, first idle, then after every 5,000 requests. */
  readonly residentMb: readonly number[];
  /** After the first 20,000 requests: growth in MB per 10,000 requests, by the line of best fit. */
  readonly slopeMb: number;
  /** After the first 20,000 requests: the largest sample divided by the smallest. */
  readonly maxToMin: number;
}

const VARIANTS = { "ours, inline": "first-ten-inline", "ours, worker": "first-ten-worker" } as const;

/** Sends requests of mixed sizes, some of them bad, and watches the memory of the server. */
export async function measureSoak(
  requests: number,
  load: LoadProcess,
  options: LaunchOptions,
  onProgress: (variant: string, sent: number, residentMb: number) => void,
): Promise<Soak[]> {
  const results: Soak[] = [];
  for (const [variant, kind] of Object.entries(VARIANTS)) {
    results.push(await soak(variant, kind, { requests, load, options, onProgress }));
  }
  return results;
}

interface SoakSettings {
  readonly requests: number;
  readonly load: LoadProcess;
  readonly options: LaunchOptions;
  readonly onProgress: (variant: string, sent: number, residentMb: number) => void;
}

async function soak(variant: string, kind: ServerKind, settings: SoakSettings): Promise<Soak> {
  await using server = await launch(kind, settings.options);
  const { pid } = server.child;
  const resident = [residentMb(pid, "VmRSS")];
  const startedAt = performance.now();
  for (let sent = 0; sent < settings.requests; sent += STEP) {
    const order = {
      kind: "mixed",
      port: server.port,
      connections: CONNECTIONS,
      count: STEP,
      seed: sent + 1,
    } as const;
    await settings.load.order(order);
    resident.push(residentMb(pid, "VmRSS"));
    settings.onProgress(variant, sent + STEP, resident.at(-1) ?? NaN);
  }
  const settled = resident.slice(Math.min(SETTLED_AFTER, settings.requests / 2) / STEP);
  return {
    variant,
    requests: settings.requests,
    seconds: (performance.now() - startedAt) / 1000,
    residentMb: resident,
    slopeMb: (slopeOf(settled) * 10_000) / STEP,
    maxToMin: Math.max(...settled) / Math.min(...settled),
  };
}
