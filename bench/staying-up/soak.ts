import { LoadProcess } from "../load/load-process.ts";
import { residentMb } from "../measure/process-stats.ts";
import { slopeOf } from "../measure/statistics.ts";
import { freePort } from "../servers/free-port.ts";
import { launch } from "../servers/launch.ts";
import { LOAD_CORE } from "../servers/pinning.ts";
import { mixedTraffic } from "./mixed-traffic.ts";
import type { Scenario } from "./scenario.ts";

const CONNECTIONS = 8;
const STEP = 2_000;
const GROWTH = 1.1;
/** How many samples the report shows. */
const SHOWN = 20;

/** Mixed traffic for some minutes, and what memory does. */
export const soak: Scenario = {
  name: "soak",
  what: `V2 of mixed sizes in JSON and binary, one in fifty bad, on ${CONNECTIONS} connections; beside them V1, gRPC, streams, clients that leave, and harmful bodies`,
  async run(settings) {
    const grpcPort = await freePort();
    await using server = await launch("mixed", { ...settings, flags: { "--grpc_port": grpcPort } });
    await using load = await LoadProcess.start(settings.core === undefined ? undefined : LOAD_CORE);
    const { pid } = server.child;
    const idleMb = residentMb(pid, "VmRSS");
    const samples: { second: number; megabytes: number }[] = [];
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1_000;
    let sent = 0;
    let isOver = false;
    const beside = mixedTraffic({ rest: server.port, grpc: grpcPort }, () => isOver);
    // Should the load fail first, nobody waits for it yet.
    beside.catch(() => undefined);
    try {
      while (elapsed() < settings.soakSeconds) {
        const order = { port: server.port, connections: CONNECTIONS, count: STEP, seed: sent + 1 };
        await load.order({ kind: "mixed", ...order });
        sent += STEP;
        samples.push({ second: elapsed(), megabytes: residentMb(pid, "VmRSS") });
      }
    } finally {
      isOver = true;
    }
    const seconds = elapsed();
    const kinds = await beside;
    const wrong = kinds.filter(
      ({ tally, expected }) => tally.of(expected) === 0 || tally.except(expected) > 0,
    );
    const total = kinds.reduce((sum, { tally }) => sum + tally.except(), sent);
    const third = (from: number) =>
      samples.filter(({ second }) => second > (seconds * from) / 3 && second <= (seconds * (from + 1)) / 3);
    // In the first third V8 still learns how much it needs.
    const [middle, last] = [1, 2].map((from) => third(from).map(({ megabytes }) => megabytes));
    const growth = meanOf(last ?? []) / meanOf(middle ?? []);
    const perMinute = slopeOf([...(middle ?? []), ...(last ?? [])]) * (samples.length / seconds) * 60;
    return {
      figures: {
        requests: total,
        seconds,
        "V2, JSON and binary": sent,
        ...Object.fromEntries(kinds.map(({ name, tally, expected }) => [name, tally.of(expected)])),
        "idle MB": idleMb,
        "last MB": samples.at(-1)?.megabytes ?? NaN,
        "largest MB": Math.max(...samples.map(({ megabytes }) => megabytes)),
        "MB over the time": spaced(samples.map(({ megabytes }) => Math.round(megabytes))).join(", "),
        "mean MB of the middle third": meanOf(middle ?? []),
        "mean MB of the last third": meanOf(last ?? []),
        "growth after a third, MB a minute": perMinute,
      },
      checks: [
        {
          what: "every answer has the status it should have",
          got: wrong.map(({ name, tally }) => `${name}: ${tally}`).join("; ") || `${total} requests`,
          holds: wrong.length === 0,
        },
        {
          what: `memory is flat: the last third's mean is within ${GROWTH} of the middle third's`,
          got: growth,
          holds: growth < GROWTH,
        },
      ],
    };
  },
};

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Some of a list, evenly spaced, its last among them. */
function spaced(values: readonly number[]): number[] {
  const step = Math.max(1, Math.floor(values.length / SHOWN));
  return values.filter((_, at) => (values.length - 1 - at) % step === 0);
}
