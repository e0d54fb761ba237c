import type { LoadProcess } from "../load/load-process.ts";
import { createRandom, shuffled } from "../load/random.ts";
import type { RequestName } from "../load/requests.ts";
import { cpuMs, residentMb, resetPeak } from "../measure/process-stats.ts";
import type { Row, Sample } from "../measure/throughput.ts";
import type { Core } from "../servers/pinning.ts";
import { checkGrpc, grpcFile, type GrpcRequestName } from "./grpc-messages.ts";
import { grpcLoad } from "./h2load.ts";
import type { PeerSection } from "./sections.ts";
import { type Running, startSubject, type SubjectName } from "./subjects.ts";

/** How thoroughly the peers are measured. */
export interface PeerSettings {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Starts of each server, for the cold start. */
  readonly starts: number;
}

/** Where servers and load run. */
export interface Places {
  readonly serverCore: Core | undefined;
  readonly loadCore: Core | undefined;
}

interface Window {
  readonly connections: number;
  readonly seconds: number;
}

type Measure = (window: Window) => Promise<Sample>;

/**
 * Runs a comparison: all servers are up at once, each is checked for the right answer, and in each round every one has
 * its turn, in a new order.
 * @param without peers that are not there
 */
export async function comparePeers(
  section: PeerSection,
  settings: PeerSettings,
  load: LoadProcess,
  places: Places,
  without: ReadonlySet<SubjectName>,
): Promise<Row[]> {
  const { work, request, connections } = section;
  await using stack = new AsyncDisposableStack();
  const failed = new Map<SubjectName, string>();
  const measures = new Map<SubjectName, Measure>();
  const attempt = async <T>(name: SubjectName, action: () => Promise<T>): Promise<T | undefined> => {
    if (failed.has(name)) return undefined;
    try {
      return await action();
    } catch (error) {
      failed.set(name, (error as Error).message.slice(0, 300));
      return undefined;
    }
  };
  const names = section.subjects.filter((name) => !without.has(name));
  for (const name of names) {
    await attempt(name, async () => {
      const server = stack.use(await startSubject(name, work, places.serverCore));
      const measure = request.startsWith("grpc-")
        ? await byGrpc(server, request as GrpcRequestName, stack, places)
        : byHttp(server, request as RequestName, load);
      await measure({ connections: Math.max(...connections), seconds: settings.warmUpSeconds });
      measures.set(name, measure);
    });
  }
  const random = createRandom(settings.rounds);
  const rows: Row[] = [];
  for (const count of connections) {
    const samples = new Map(names.map((name) => [name, [] as Sample[]]));
    for (let round = 0; round < settings.rounds; round++) {
      for (const name of shuffled(names, random)) {
        const window = { connections: count, seconds: settings.seconds };
        const sample = await attempt(name, async () => measures.get(name)?.(window));
        if (sample !== undefined) samples.get(name)?.push(sample);
      }
    }
    for (const [variant, taken] of samples) {
      const problem = failed.get(variant);
      rows.push({
        variant,
        connections: count,
        samples: problem === undefined ? taken : [],
        failed: problem,
      });
    }
  }
  return rows;
}

function byHttp({ pid, httpPort: port }: Running, request: RequestName, load: LoadProcess): Measure {
  return async (window) => {
    resetPeak(pid);
    const cpuBefore = cpuMs(pid);
    const { load: result } = await load.order({ kind: "window", port, request, ...window });
    const { perSecond, p50Ms, p99Ms, cpuShare: loadShare, answers } = result;
    const cpuUs = ((cpuMs(pid) - cpuBefore) * 1000) / answers;
    return { perSecond, p50Ms, p99Ms, peakMb: residentMb(pid, "VmHWM"), cpuUs, loadShare };
  };
}

async function byGrpc(
  { pid, grpcPort: port }: Running,
  request: GrpcRequestName,
  stack: AsyncDisposableStack,
  { loadCore: core }: Places,
): Promise<Measure> {
  const answerBytes = await checkGrpc(port, request);
  const { path: file } = stack.use(grpcFile(request));
  return async ({ connections: streams, seconds }) => {
    resetPeak(pid);
    const cpuBefore = cpuMs(pid);
    const result = await grpcLoad({ port, file, streams, seconds, answerBytes, core });
    const cpuUs = ((cpuMs(pid) - cpuBefore) * 1000) / result.answers;
    // h2load tells the mean, no percentiles.
    const { perSecond, meanMs: p50Ms } = result;
    return { perSecond, p50Ms, p99Ms: NaN, peakMb: residentMb(pid, "VmHWM"), cpuUs, loadShare: NaN };
  };
}
