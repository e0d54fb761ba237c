import { LoadProcess } from "../load/load-process.ts";
import { residentMb } from "../measure/process-stats.ts";
import { slopeOf } from "../measure/statistics.ts";
import { launch } from "../servers/launch.ts";
import { LOAD_CORE } from "../servers/pinning.ts";
import type { Scenario } from "./scenario.ts";

const CONNECTIONS = 8;
const STEP = 2_000;
const GROWTH_MB_PER_MINUTE = 5;

/** Mixed traffic for some minutes, and what memory does. */
export const soak: Scenario = {
  name: "soak",
  what: `requests of mixed sizes, one in fifty bad, on ${CONNECTIONS} connections`,
  async run(settings) {
    await using server = await launch("first-ten-worker", settings);
    await using load = await LoadProcess.start(settings.core === undefined ? undefined : LOAD_CORE);
    const { pid } = server.child;
    const idleMb = residentMb(pid, "VmRSS");
    const samples: { second: number; megabytes: number }[] = [];
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1_000;
    let sent = 0;
    while (elapsed() < settings.soakSeconds) {
      await load.order({
        kind: "mixed",
        port: server.port,
        connections: CONNECTIONS,
        count: STEP,
        seed: sent + 1,
      });
      sent += STEP;
      samples.push({ second: elapsed(), megabytes: residentMb(pid, "VmRSS") });
    }
    const seconds = elapsed();
    // Until then V8 still learns how much it needs.
    const settled = samples.filter(({ second }) => second > seconds / 3).map(({ megabytes }) => megabytes);
    const perMinute = slopeOf(settled) * (samples.length / seconds) * 60;
    const ratio = Math.max(...settled) / Math.min(...settled);
    return {
      figures: {
        requests: sent,
        seconds,
        "idle MB": idleMb,
        "last MB": samples.at(-1)?.megabytes ?? NaN,
        "largest / smallest after a third": ratio,
        "growth after a third, MB a minute": perMinute,
      },
      checks: [
        { what: "every answer has the status it should have", got: `${sent} requests`, holds: true },
        {
          what: `memory grows by less than ${GROWTH_MB_PER_MINUTE} MB a minute, or stays within a quarter`,
          got: perMinute,
          holds: perMinute < GROWTH_MB_PER_MINUTE || ratio < 1.25,
        },
      ],
    };
  },
};
