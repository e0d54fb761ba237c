import type { ServerOptions } from "../options.ts";
import type { ServerLog } from "./logger.ts";
import type { RecentRequests } from "../playground/recent-requests.ts";
import type { PayloadLog } from "./payload-log.ts";
import type { Tracing } from "./tracing.ts";
import { startTracing } from "./tracing-sdk.ts";

/** What tells others about requests; each is there only where it is asked for, and costs nothing elsewhere. */
export interface Observers {
  readonly tracing: Tracing | undefined;
  readonly payloadLog: PayloadLog | undefined;
  /** What the playground shows of the last requests. */
  readonly recent?: RecentRequests | undefined;
}

/**
 * Starts what the options and the environment ask for.
 * @param serviceName who we are, where the environment does not say it
 * @param folder of the served project, whose packages come first
 * @throws KtsError KTS_USAGE when the payload log's URL is none
 */
export async function startObservers(
  serviceName: string,
  folder: string,
  options: Pick<ServerOptions, "payloadLogUrl" | "payloadLogMode">,
  log: ServerLog,
): Promise<Observers> {
  const payloadLog = await startPayloadLog(serviceName, options, log);
  const tracing = await startTracing({ env: process.env, log, serviceName, folders: [folder] });
  return { tracing, payloadLog };
}

/** Sends what has not been sent yet, for a bounded time. */
export async function stopObservers({ tracing, payloadLog }: Observers): Promise<void> {
  await Promise.all([tracing?.[Symbol.asyncDispose](), payloadLog?.[Symbol.asyncDispose]()]);
}

/** Imported only where it is wanted: its client for https alone takes 10 ms to load. */
async function startPayloadLog(
  serviceName: string,
  { payloadLogUrl, payloadLogMode }: Pick<ServerOptions, "payloadLogUrl" | "payloadLogMode">,
  log: ServerLog,
): Promise<PayloadLog | undefined> {
  if (payloadLogUrl === undefined) return undefined;
  const { PayloadLog: Log } = await import("./payload-log.ts");
  return new Log(payloadLogUrl, payloadLogMode, serviceName, log);
}
