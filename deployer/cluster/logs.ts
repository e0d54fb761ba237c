import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { isKtsError } from "../../contract/errors.ts";
import type { KubeObject, LogQuery } from "./cluster.ts";
import { linesOf } from "./lines.ts";
import { RESOURCES } from "./resources.ts";
import type { Transport } from "./transport.ts";
import { type Query, pathOf, withQuery } from "./urls.ts";

/** A log, and the pod that it is of. */
export interface LogSource {
  readonly query: LogQuery;
  readonly namespace: string;
  readonly doing: string;
  /** The pod as it is now; undefined where it is gone. */
  readonly pod: (signal: AbortSignal | undefined) => Promise<KubeObject | undefined>;
}

/** Path of a container's log. */
export function logPath({ query, namespace }: LogSource, more: Query): string {
  return withQuery(pathOf(RESOURCES.pod, namespace, query.pod, "log"), {
    container: query.container,
    ...(query.previous === true && { previous: true }),
    ...more,
  });
}

/** How often a log that breaks off at once is asked for again, with a pause in between. */
const MOST_TRIES = 20;
const PAUSE_MS = 500;

/**
 * A container's lines until it ends. A connection that breaks off before is made anew, and goes on after the last line:
 * the server's times in front of the lines say which that was.
 */
export async function* followLines(transport: Transport, source: LogSource): AsyncGenerator<string> {
  const { query, doing } = source;
  const { signal } = query;
  const place = new Place();
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    if (signal?.aborted) return;
    try {
      const response = await openLog(transport, source, place);
      try {
        for await (const line of linesOf(response)) {
          const { time, text } = timeOf(line);
          if (!place.isNew(time)) continue;
          tries = 0;
          yield query.timestamps === true ? line : text;
        }
      } finally {
        response.destroy();
      }
    } catch (error) {
      if (signal?.aborted) return;
      // A refusal stands; a connection that broke off does not.
      if (isKtsError(error) && error.code !== "KTS_CLUSTER_UNREACHABLE") throw error;
      if (tries === MOST_TRIES - 1) throw transport.failure(error, signal);
    }
    if (query.previous === true || (await hasEnded(source))) return;
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  throw transport.failure(new Error(`${doing}: it ends again and again while the container runs`), signal);
}

async function openLog(transport: Transport, source: LogSource, place: Place): Promise<IncomingMessage> {
  const { query, doing } = source;
  const begin: Query = { tailLines: query.tailLines, sinceSeconds: query.sinceSeconds };
  const path = logPath(source, {
    follow: true,
    timestamps: true,
    ...(place.since === undefined ? begin : { sinceTime: place.since }),
  });
  const response = await transport.open({ method: "GET", path, doing, signal: query.signal });
  const status = response.statusCode ?? 0;
  if (status < 400) return response;
  const body = Buffer.concat((await response.toArray()) as Buffer[]).toString("utf8");
  throw transport.refusal({ status, body }, doing);
}

/** Whether a container runs no more, be it that its pod is gone or that its place was taken by a new one. */
async function hasEnded({ pod, query }: LogSource): Promise<boolean> {
  const found = await pod(query.signal).catch(() => undefined);
  const status = found?.status as PodStatus | undefined;
  const states = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return states.find(({ name }) => name === query.container)?.state?.running === undefined;
}

interface PodStatus {
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

interface ContainerStatus {
  readonly name: string;
  readonly state?: { readonly running?: object };
}

/** The last line that was given on. */
class Place {
  #time = "";
  /** Lines of that very time. */
  #count = 0;
  /** Of those how many the next connection gives once more. */
  #again = 0;

  /** What the next connection begins with: the server knows whole seconds alone. */
  get since(): string | undefined {
    if (this.#time === "") return undefined;
    this.#again = this.#count;
    return `${this.#time.slice(0, 19)}Z`;
  }

  isNew(time: string | undefined): boolean {
    // A line without a time is the server's own word, such as that a log file was rotated.
    if (time === undefined) return true;
    if (time < this.#time) return false;
    if (time === this.#time && this.#again > 0) {
      this.#again -= 1;
      return false;
    }
    this.#count = time === this.#time ? this.#count + 1 : 1;
    this.#time = time;
    return true;
  }
}

const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z ?/;

function timeOf(line: string): { readonly time: string | undefined; readonly text: string } {
  const found = TIMED.exec(line);
  if (found === null) return { time: undefined, text: line };
  // Zeros at the end are left out by some versions, and texts are compared.
  const time = `${found[1]}.${(found[2] ?? "").padEnd(9, "0")}`;
  return { time, text: line.slice(found[0].length) };
}
