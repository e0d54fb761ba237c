import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, shuffled } from "../load/random.ts";
import type { ServerKind } from "../servers/kinds.ts";
import { type LaunchOptions, launch } from "../servers/launch.ts";
import { residentMb } from "./process-stats.ts";

const SETTLE_MS = 1_500;

/** What starting a server takes. */
export interface ColdStart {
  readonly variant: string;
  /** Milliseconds from spawn to the first 200 of `/v2/health/ready`, one a start. */
  readonly startMs: readonly number[];
  /** Resident memory when it has settled, of some of the starts. */
  readonly idleMb: readonly number[];
}

/** Servers without a model. */
const VARIANTS: Readonly<Record<string, ServerKind>> = {
  "node:http": "bare",
  express: "express",
  "ours, inline": "echo-inline",
  "ours, worker": "echo-worker",
  "ours, worker, predictor.ts": "echo-typescript",
};

/** Starts each server some times, in a new order each round. */
export async function measureColdStarts(starts: number, options: LaunchOptions): Promise<ColdStart[]> {
  const random = createRandom(starts);
  const results = Object.keys(VARIANTS).map((variant) => ({
    variant,
    startMs: [] as number[],
    idleMb: [] as number[],
  }));
  for (let round = 0; round < starts; round++) {
    const withMemory = round % 5 === 0;
    for (const { variant, startMs, idleMb } of shuffled(results, random)) {
      await using server = await launch(VARIANTS[variant] as ServerKind, options);
      startMs.push(server.startMs);
      if (!withMemory) continue;
      await sleep(SETTLE_MS);
      idleMb.push(residentMb(server.child.pid, "VmRSS"));
    }
  }
  return results;
}
