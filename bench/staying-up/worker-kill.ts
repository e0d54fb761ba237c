import { setTimeout as sleep } from "node:timers/promises";
import { launch } from "../servers/launch.ts";
import { Client, Tally, readMetric } from "./client.ts";
import type { Scenario } from "./scenario.ts";

const CONNECTIONS = 16;
const WORKERS = 2;
const KILL_EVERY_MS = 1_000;
const LONGEST_RECOVERY_MS = 10_000;

/** Two workers under load, of which one is killed every second. */
export const workerKill: Scenario = {
  name: "worker-kill",
  what: `${CONNECTIONS} connections of 2 ms predicts on ${WORKERS} workers; every second a request ends its worker's thread`,
  async run(settings) {
    await using server = await launch("mortal", { ...settings, flags: { "--workers": WORKERS } });
    using client = new Client(server.port);
    const tally = new Tally();
    const until = performance.now() + settings.seconds * 1_000;
    let lastGood = performance.now();
    let longestGapMs = 0;
    const hammer = async () => {
      while (performance.now() < until) {
        const ending = await client.predict(1);
        tally.add(ending);
        if (ending.status !== 200) continue;
        const now = performance.now();
        longestGapMs = Math.max(longestGapMs, now - lastGood);
        lastGood = now;
      }
    };
    const kills = new Tally();
    const kill = async () => {
      while (performance.now() + KILL_EVERY_MS < until) {
        await sleep(KILL_EVERY_MS);
        kills.add(await client.predict("die"));
      }
    };
    await Promise.all([kill(), ...Array.from({ length: CONNECTIONS }, hammer)]);
    const killed = kills.of(503);
    const workers = await recoveredWorkers(server.port);
    return {
      figures: {
        "answers a second": tally.of(200) / settings.seconds,
        answered: tally.of(200),
        "workers killed": killed,
        "requests that died with one": tally.of(503),
        "longest time without an answer, ms": longestGapMs,
      },
      checks: [
        {
          what: "nothing but 200, and 503 for what a worker had",
          got: String(tally),
          holds: tally.except(200, 503) === 0,
        },
        {
          what: "no more died than the connections there are for each kill",
          got: tally.of(503),
          holds: tally.of(503) <= killed * CONNECTIONS,
        },
        {
          what: "every kill was a worker's death",
          got: String(kills),
          holds: killed > 0 && kills.except(503) === 0,
        },
        { what: "all workers are back", got: workers, holds: workers === WORKERS },
      ],
    };
  },
};

async function recoveredWorkers(port: number): Promise<number> {
  const until = performance.now() + LONGEST_RECOVERY_MS;
  for (;;) {
    const workers = await readMetric(port, "kserve_ts_workers");
    if (workers === WORKERS || performance.now() > until) return workers;
    await sleep(100);
  }
}
