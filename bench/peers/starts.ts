import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, shuffled } from "../load/random.ts";
import type { ColdStart } from "../measure/cold-start.ts";
import { residentMb } from "../measure/process-stats.ts";
import type { Core } from "../servers/pinning.ts";
import { startSubject, type SubjectName } from "./subjects.ts";

const SETTLE_MS = 1_000;

/** Starts each server some times with an echo, in a new order each round. The first start of each is left out. */
export async function measurePeerStarts(
  names: readonly SubjectName[],
  starts: number,
  core: Core | undefined,
): Promise<ColdStart[]> {
  const random = createRandom(starts);
  const results = names.map((variant) => ({ variant, startMs: [] as number[], idleMb: [] as number[] }));
  for (let round = 0; round <= starts; round++) {
    for (const { variant, startMs, idleMb } of shuffled(results, random)) {
      await using server = await startSubject(variant, "echo", core);
      // What Python and Node compile at the first start they keep for the next.
      if (round === 0) continue;
      await sleep(SETTLE_MS);
      startMs.push(server.startMs);
      idleMb.push(residentMb(server.pid, "VmRSS"));
    }
  }
  return results;
}
