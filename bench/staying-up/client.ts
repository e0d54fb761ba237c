import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { INFER_PATH, PREDICT_PATH } from "../load/http-post.ts";

const LONGEST_MS = 30_000;
const LONGEST_WAIT_MS = 30_000;

/** How one request ended. */
export interface Ending {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly ms: number;
  /** Such as ECONNREFUSED, where there was no answer. */
  readonly error: string | undefined;
  /** Whether its connection had answered another before. */
  readonly reused: boolean;
}

/** A client as services use it: keep-alive connections, each closed when the server says so. */
export class Client implements Disposable {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });

  constructor(port: number) {
    this.#port = port;
  }

  /** Predicts over V1; never rejects. */
  async predict(instance: unknown): Promise<Ending> {
    return this.post(PREDICT_PATH, JSON.stringify({ instances: [instance] }));
  }

  /** Infers from one number over V2; never rejects. */
  async infer(value: number): Promise<Ending> {
    const inputs = [{ name: "image", shape: [1, 1], datatype: "FP32", data: [value] }];
    return this.post(INFER_PATH, JSON.stringify({ inputs }));
  }

  /** Posts JSON, unless other headers say otherwise, and reads the answer to its end; never rejects. */
  async post(
    path: string,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Ending> {
    const startedAt = performance.now();
    const { promise, resolve } = Promise.withResolvers<Ending>();
    const outgoing = request({
      host: "127.0.0.1",
      port: this.#port,
      path,
      method: "POST",
      agent: this.#agent,
      timeout: LONGEST_MS,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...headers },
    });
    const end = (status: number, error: string | undefined) =>
      resolve({ status, ms: performance.now() - startedAt, error, reused: outgoing.reusedSocket });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", (error: NodeJS.ErrnoException) => end(0, error.code ?? error.message));
    outgoing.on("response", (answer) => {
      answer.resume();
      answer.on("end", () => end(answer.statusCode ?? 0, undefined));
      answer.on("error", (error: NodeJS.ErrnoException) => end(0, error.code ?? error.message));
    });
    outgoing.end(body);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** Counts endings: `200`, `503`, `ECONNRESET` ... */
export class Tally {
  readonly #counts = new Map<string, number>();

  add({ status, error }: Ending): void {
    this.count(error ?? String(status));
  }

  count(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  of(key: string | number): number {
    return this.#counts.get(String(key)) ?? 0;
  }

  /** All but some. */
  except(...keys: readonly (string | number)[]): number {
    let total = 0;
    for (const [key, count] of this.#counts) if (!keys.map(String).includes(key)) total += count;
    return total;
  }

  toString(): string {
    return [...this.#counts].map(([key, count]) => `${key}: ${count}`).join(", ");
  }
}

/** The sum of a metric over its labels, from a server's `/metrics`. */
export async function readMetric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** How many requests are in flight once that is none, or the wait for it is over. */
export async function noneInFlight(port: number): Promise<number> {
  const until = performance.now() + LONGEST_WAIT_MS;
  for (;;) {
    const inFlight = await readMetric(port, "kserve_ts_in_flight_requests");
    if (inFlight === 0 || performance.now() > until) return inFlight;
    await sleep(20);
  }
}
