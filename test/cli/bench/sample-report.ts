import type { BenchReport, BenchRun } from "../../../cli/bench/report/bench-report.ts";
import { warningsOf } from "../../../cli/bench/report/findings.ts";
import { findKnee } from "../../../cli/bench/search/find-knee.ts";
import type { BenchSettings, ServerFacts } from "../../../cli/bench/settings.ts";
import type { Step } from "../../../cli/bench/step.ts";
import { suggest } from "../../../cli/bench/suggest.ts";
import { simulate } from "./simulated-queue.ts";

/** A report of simulated servers in two settings: the same on every machine. */
export async function sampleReport(goalMs: number | undefined = 50): Promise<BenchReport> {
  const runs = [await simulatedRun({}, 1, goalMs), await simulatedRun({ workers: 2 }, 2, goalMs)];
  const measured = runs.map(({ settings, server, knee }) => ({
    settings,
    server: server as ServerFacts,
    knee: knee as NonNullable<typeof knee>,
  }));
  const report: BenchReport = {
    version: 1,
    product: "kserve-ts 1.2.3",
    startedAt: "2026-01-02T03:04:05.678Z",
    model: "digits <1>",
    server: { url: "http://127.0.0.1:40000", isOwn: true },
    protocol: "auto",
    requests: [{ name: "examples/seven.json", bodyBytes: 257 }],
    method: {
      arrivals: "poisson",
      warmupSeconds: 1,
      secondsPerStep: 5,
      connections: 256,
      timeoutMs: 10_000,
    },
    machine: {
      node: "24.0.0",
      system: "linux 6.1 x64",
      cpuModel: "A CPU",
      cpus: 4,
      grantedCpus: 2,
      memoryBytes: 8e9,
    },
    goalP99Ms: goalMs ?? null,
    runs,
    suggestion: suggest(measured) ?? null,
    isInterrupted: false,
    warnings: [],
  };
  return { ...report, warnings: warningsOf(report) };
}

async function simulatedRun(
  settings: BenchSettings,
  workers: number,
  goalMs: number | undefined,
): Promise<BenchRun> {
  const steps: Step[] = [];
  const server: ServerFacts = {
    model: "digits",
    url: "http://127.0.0.1:40000",
    grpcAddress: "127.0.0.1:40001",
    workers,
    execution: "worker",
    batching: undefined,
  };
  const capacityPerSecond = workers * 190;
  const measure = async (perSecond: number) => {
    const queue = { workers, perWorker: 200, seconds: 5 };
    const step = simulate(queue, perSecond, steps.length + 1);
    steps.push(step);
    return step;
  };
  const knee = await findKnee({ capacityPerSecond, goalMs, measure, repeats: 3, maxSteps: 14 });
  return { settings, server, capacity: { perSecond: capacityPerSecond, atOnce: 8 }, steps, knee };
}
