import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { messageOf } from "../../contract/errors.ts";

/** How a place is asked whether the service answers there. */
export interface Probe {
  /** Without a slash at its end. */
  readonly url: string;
  readonly hostHeader?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly modelName: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks a place for the service: its health by V2, its model by V1. Undefined: it answers there. A text: why not. A place
 * that asks for credentials does answer; one that knows neither path is something else, such as an ingress without the
 * route.
 */
export async function problemOf(probe: Probe): Promise<string | undefined> {
  const { url, modelName, timeoutMs } = probe;
  const { hostname, host } = new URL(url);
  const signal = AbortSignal.any([probe.signal, AbortSignal.timeout(timeoutMs)]);
  const bare = hostname.replace(/^\[|\]$/g, "");
  const resolved = await Promise.race([
    lookup(bare).then(
      () => true,
      () => false,
    ),
    aborted(signal),
  ]);
  probe.signal.throwIfAborted();
  if (resolved !== true) return `the name ${hostname} does not resolve here`;
  const paths = ["/v2/health/ready"];
  if (modelName !== undefined) paths.push(`/v1/models/${encodeURIComponent(modelName)}`);
  const problems = await Promise.all(paths.map((path) => problemAt(probe, path, signal)));
  probe.signal.throwIfAborted();
  if (problems.includes(undefined)) return undefined;
  return `${host} ${problems[0]}`;
}

async function problemAt(probe: Probe, path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const status = await statusOf(probe, path, signal);
    if ((status >= 200 && status < 300) || status === 401 || status === 403) return undefined;
    return `answers ${status} to ${path}`;
  } catch (error) {
    if (signal.aborted) return `does not answer within ${probe.timeoutMs} ms`;
    const { code } = error as NodeJS.ErrnoException;
    return code === "ECONNREFUSED" ? "refuses connections" : `does not answer: ${messageOf(error)}`;
  }
}

/** Not by `fetch`, which sends no Host header but the URL's. */
function statusOf({ url, hostHeader, headers }: Probe, path: string, signal: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  const options = {
    signal,
    agent: false,
    headers: { ...headers, ...(hostHeader !== undefined && { host: hostHeader }) },
    ...(hostHeader !== undefined && { servername: hostHeader.replace(/:\d+$/, "") }),
  };
  send(url + path, options, (answer: IncomingMessage) => {
    answer.resume();
    resolve(answer.statusCode as number);
  })
    .once("error", reject)
    .end();
  return promise;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
