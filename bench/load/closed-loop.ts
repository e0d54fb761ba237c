import { LoadConnection, type LoadSource } from "./connection.ts";
import type { LoadRequest } from "./requests.ts";

/** When a load ends. */
export type LoadEnd = { readonly seconds: number } | { readonly count: number };

/** What a load measured. */
export interface LoadResult {
  /** Right answers that came in time. */
  readonly answers: number;
  readonly errors: number;
  /** The first thing that went wrong. */
  readonly firstError: string | undefined;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** The share of a core that the load generator itself took: near 1, it measured itself. */
  readonly cpuShare: number;
}

/** Sends requests over some connections, on each the next when the last is answered, and measures. */
export async function closedLoop(
  port: number,
  connections: number,
  end: LoadEnd,
  nextRequest: () => LoadRequest,
): Promise<LoadResult> {
  const source = new Measurement(end, nextRequest);
  const open = await Promise.all(
    Array.from({ length: connections }, () => LoadConnection.open(port, source)),
  );
  try {
    source.start();
    await Promise.all(open.map((connection) => connection.run()));
    return source.result();
  } finally {
    for (const connection of open) connection[Symbol.dispose]();
  }
}

class Measurement implements LoadSource {
  readonly #nextRequest: () => LoadRequest;
  readonly #end: LoadEnd;
  readonly #latencies: number[] = [];
  #startedAt = 0;
  #stopAt = Infinity;
  #lastAt = 0;
  #left = Infinity;
  #errors = 0;
  #firstError: string | undefined;
  #cpu = process.cpuUsage();

  constructor(end: LoadEnd, nextRequest: () => LoadRequest) {
    this.#end = end;
    this.#nextRequest = nextRequest;
  }

  start(): void {
    this.#startedAt = performance.now();
    if ("seconds" in this.#end) this.#stopAt = this.#startedAt + this.#end.seconds * 1000;
    else this.#left = this.#end.count;
    this.#cpu = process.cpuUsage();
  }

  next(): LoadRequest | undefined {
    if (this.#left <= 0 || performance.now() >= this.#stopAt) return undefined;
    this.#left--;
    return this.#nextRequest();
  }

  answered(_request: LoadRequest, latencyMs: number, problem: string | undefined): void {
    if (problem !== undefined) {
      this.#errors++;
      this.#firstError ??= problem;
      return;
    }
    const now = performance.now();
    if (now > this.#stopAt) return;
    this.#lastAt = now;
    this.#latencies.push(latencyMs);
  }

  result(): LoadResult {
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsedMs = (Number.isFinite(this.#stopAt) ? this.#stopAt : this.#lastAt) - this.#startedAt;
    const sorted = Float64Array.from(this.#latencies).sort();
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
    return {
      answers: sorted.length,
      errors: this.#errors,
      firstError: this.#firstError,
      perSecond: (sorted.length / elapsedMs) * 1000,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(1),
      cpuShare: (user + system) / 1000 / (performance.now() - this.#startedAt),
    };
  }
}
