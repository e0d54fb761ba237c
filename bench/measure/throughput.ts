import { createRandom, shuffled } from "../load/random.ts";
import type { LoadProcess } from "../load/load-process.ts";
import type { Comparison } from "../sections.ts";
import { Child } from "../servers/child.ts";
import { type ServerKind, serverArguments } from "../servers/kinds.ts";
import { type LaunchOptions, type Launched, launch } from "../servers/launch.ts";
import type { BenchSettings } from "../settings.ts";
import { cpuMs, residentMb, resetPeak } from "./process-stats.ts";

/** Compiling hot code takes a plain Express server some 30,000 requests. */
const WARM_UP_CONNECTIONS = 32;
/** Before the windows of another number of connections. */
const SETTLE_SECONDS = 0.3;

/** What one window measured. */
export interface Sample {
  /** Answers, or runs of the direct loop, a second. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Peak resident memory within the window. */
  readonly peakMb: number;
  /** Microseconds of processor time of the server for one answer. */
  readonly cpuUs: number;
  /** The share of its core that the load generator took. */
  readonly loadShare: number;
}

/** A variant at a number of connections: a sample a round. */
export interface Row {
  readonly variant: string;
  readonly connections: number;
  readonly samples: readonly Sample[];
  /** Why there are no samples: the first wrong answer. */
  readonly failed: string | undefined;
}

/**
 * Runs a comparison: all servers are up at once, and in each round every one of them has its turn, in a new order,
 * so that a slow minute of the machine is everybody's.
 */
export async function compare(
  comparison: Comparison,
  settings: BenchSettings,
  load: LoadProcess,
  options: LaunchOptions,
): Promise<Row[]> {
  await using runners = new Runners();
  for (const [name, kind] of Object.entries(comparison.variants)) {
    await runners.start(name, kind, options);
  }
  const random = createRandom(settings.rounds);
  const { request } = comparison;
  const failed = new Map<string, string>();
  const measure = async (runner: Runner, connections: number, seconds: number) => {
    try {
      return await runner.measure(load, { request, connections, seconds });
    } catch (error) {
      failed.set(runner.name, (error as Error).message);
      return undefined;
    }
  };
  for (const runner of runners.all) await measure(runner, WARM_UP_CONNECTIONS, settings.warmUpSeconds);
  const rows: Row[] = [];
  for (const connections of settings.connections) {
    const samples = new Map(runners.all.map(({ name }) => [name, [] as Sample[]]));
    for (const runner of runners.all) await measure(runner, connections, SETTLE_SECONDS);
    for (let round = 0; round < settings.rounds; round++) {
      for (const runner of shuffled(runners.all, random)) {
        const sample = await measure(runner, connections, settings.seconds);
        if (sample !== undefined) samples.get(runner.name)?.push(sample);
      }
    }
    for (const [variant, taken] of samples) {
      const problem = failed.get(variant);
      rows.push({ variant, connections, samples: problem === undefined ? taken : [], failed: problem });
    }
  }
  return rows;
}

interface Window {
  readonly request: Comparison["request"];
  readonly connections: number;
  readonly seconds: number;
}

interface Runner extends AsyncDisposable {
  readonly name: string;
  measure(load: LoadProcess, window: Window): Promise<Sample>;
}

class Runners implements AsyncDisposable {
  readonly all: Runner[] = [];

  async start(name: string, kind: ServerKind, options: LaunchOptions): Promise<void> {
    this.all.push(
      kind.startsWith("direct-")
        ? await startLoop(name, kind, options)
        : await startServer(name, kind, options),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((runner) => runner[Symbol.asyncDispose]()));
  }
}

async function startServer(name: string, kind: ServerKind, options: LaunchOptions): Promise<Runner> {
  const server: Launched = await launch(kind, options);
  const { pid } = server.child;
  return {
    name,
    async measure(load, window) {
      resetPeak(pid);
      const cpuBefore = cpuMs(pid);
      const { load: result } = await load.order({ kind: "window", port: server.port, ...window });
      const cpuUs = ((cpuMs(pid) - cpuBefore) * 1000) / result.answers;
      const { perSecond, p50Ms, p99Ms, cpuShare: loadShare } = result;
      return { perSecond, p50Ms, p99Ms, peakMb: residentMb(pid, "VmHWM"), cpuUs, loadShare };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The direct loop knows no connections: it is measured beside each number of them, for the ratios of the round. */
async function startLoop(name: string, kind: ServerKind, { own, core }: LaunchOptions): Promise<Runner> {
  const child = new Child(serverArguments(kind, 0, own), { core, ipc: true });
  await child.receive();
  return {
    name,
    async measure(_load, { seconds }) {
      resetPeak(child.pid);
      const perSecond = await child.ask<number>(seconds);
      const cpuUs = 1e6 / perSecond;
      const peakMb = residentMb(child.pid, "VmHWM");
      return { perSecond, p50Ms: NaN, p99Ms: NaN, peakMb, cpuUs, loadShare: 0 };
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
