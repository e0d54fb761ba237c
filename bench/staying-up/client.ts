import { Agent, request } from "node:http";
import { PREDICT_PATH } from "../load/http-post.ts";

const LONGEST_MS = 30_000;

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

  /** Predicts; never rejects. */
  async predict(instance: unknown): Promise<Ending> {
    const body = JSON.stringify({ instances: [instance] });
    const startedAt = performance.now();
    const { promise, resolve } = Promise.withResolvers<Ending>();
    const outgoing = request({
      host: "127.0.0.1",
      port: this.#port,
      path: PREDICT_PATH,
      method: "POST",
      agent: this.#agent,
      timeout: LONGEST_MS,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
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
    const key = error ?? String(status);
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
