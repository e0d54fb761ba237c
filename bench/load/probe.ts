import { setTimeout as sleep } from "node:timers/promises";
import { get } from "node:http";

/** Milliseconds that a GET over a connection of its own takes, as a cluster's probe makes it. */
export async function probe(port: number, path: string): Promise<{ status: number; ms: number }> {
  const startedAt = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = get({ host: "127.0.0.1", port, path, agent: false }, (answer) => {
    answer.resume();
    answer.on("end", () => resolve(answer.statusCode ?? 0));
  });
  request.on("error", reject);
  const status = await promise;
  return { status, ms: performance.now() - startedAt };
}

/** Probes at an interval for some seconds; the time of each probe. Fails on any answer but 200. */
export async function probeRepeatedly(
  port: number,
  path: string,
  everyMs: number,
  seconds: number,
): Promise<number[]> {
  const until = performance.now() + seconds * 1000;
  const times: number[] = [];
  while (performance.now() < until) {
    const [{ status, ms }] = await Promise.all([probe(port, path), sleep(everyMs)]);
    if (status !== 200) throw new Error(`a probe of ${path} was answered with ${status}`);
    times.push(ms);
  }
  return times;
}
