import type { KtsError } from "../../contract/errors.ts";
import type { RunningServer } from "../../runtime/running-server.ts";
import { startServer } from "../../runtime/server.ts";
import { createLog } from "../../runtime/telemetry/logger.ts";
import type { ServerOptions } from "../../runtime/options.ts";
import type { VerbCall } from "../verb.ts";
import { banner } from "./banner.ts";
import { watchForCrashes } from "./crashes.ts";
import type { ServeOptions } from "./server-options.ts";
import { stopSignal } from "./stop-signals.ts";
import { tryIt } from "./try-it.ts";

/**
 * Serves until a signal comes.
 * @throws KtsError when there is no model, it does not load, the port cannot be had, or an exception is not caught
 */
export async function runServe({
  arguments: { dir },
  options: { watch, ...options },
  given: keys,
  ignored,
  terminal,
}: VerbCall<ServeOptions, { dir: { doc: string } }>): Promise<number> {
  const signal = stopSignal();
  const given = serverKeys(keys);
  const log = createLog(options);
  const crashed = watchForCrashes(log);
  for (const flag of ignored) {
    log.warn(`${flag} is ignored: an option of the KServe Python server that has no meaning here`);
  }
  const ending = new AbortController();
  const startWatched = async () => {
    const { startWatching } = await import("./start-watching.ts");
    return startWatching(dir, options, { given }, terminal, ending.signal);
  };
  const starting = watch ? startWatched() : startServer(dir, options, { given });
  const server = await Promise.race([starting, crashed, signal]);
  if (typeof server === "string") {
    ending.abort();
    // Nothing is loaded that would have to be unloaded, and nobody was served yet.
    log.info("stopped while starting", { signal: server });
    return 0;
  }
  const readyMs = performance.now();
  const cwd = process.cwd();
  const trial = await tryIt(server, dir, cwd);
  terminal.print(banner({ server, options, readyMs, trial, cwd }, terminal.style));
  return untilStopped(server, signal, crashed);
}

/** The keys of the server's own options among those that were given. */
function serverKeys(keys: ReadonlySet<keyof ServeOptions>): ReadonlySet<keyof ServerOptions> {
  return new Set([...keys].filter((key) => key !== "watch"));
}

async function untilStopped(
  server: RunningServer,
  signal: Promise<unknown>,
  crashed: Promise<never>,
): Promise<number> {
  let crash: KtsError | undefined;
  await Promise.race([signal, crashed]).catch((error: KtsError) => (crash = error));
  await server.stop();
  if (crash !== undefined) throw crash;
  return 0;
}
