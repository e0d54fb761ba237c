import { setTimeout as sleep } from "node:timers/promises";
import { closedLoop } from "../load/closed-loop.ts";
import { loadRequest } from "../load/requests.ts";
import { residentMb } from "../measure/process-stats.ts";
import type { Launched } from "../servers/launch.ts";

const ROUNDS = 40;
const REQUESTS = 500;
const CONNECTIONS = 8;
const PAUSE_MS = 250;

/** Requests before memory is called a baseline: V8 lets the heap of a busy server grow for about so long. */
const WARM_REQUESTS = 30_000;

/** Resident memory once the server has served for a while; what follows is compared with it. */
export async function warmMb(server: Launched): Promise<number> {
  await serve(server.port, WARM_REQUESTS);
  return residentMb(server.child.pid, "VmRSS");
}

/**
 * Resident memory once it has come down to a limit, or as low as it gets in some seconds. Small requests go on
 * meanwhile: V8 frees what is garbage when it allocates, not by itself.
 */
export async function settledMb(server: Launched, limitMb: number): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS && least > limitMb; round++) {
    await serve(server.port, REQUESTS);
    await sleep(PAUSE_MS);
    least = Math.min(least, residentMb(server.child.pid, "VmRSS"));
  }
  return least;
}

async function serve(port: number, count: number): Promise<void> {
  await closedLoop(port, CONNECTIONS, { count }, () => loadRequest("small-v2"));
}
