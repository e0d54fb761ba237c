import type { KtsError } from "../../contract/errors.ts";
import { type RunningServer, startServer } from "../../runtime/server.ts";
import { createLog } from "../../runtime/telemetry/logger.ts";
import type { VerbCall } from "../verb.ts";
import { banner } from "./banner.ts";
import { watchForCrashes } from "./crashes.ts";
import type { ServerVerbOptions } from "./server-options.ts";
import { stopSignal } from "./stop-signals.ts";
import { tryIt } from "./try-it.ts";

/**
 * Serves until a signal comes.
 * @throws KtsError when there is no model, it does not load, the port cannot be had, or an exception is not caught
 */
export async function runServe({
  arguments: { dir },
  options,
  given,
  ignored,
  terminal,
}: VerbCall<ServerVerbOptions, { dir: { doc: string } }>): Promise<number> {
  const signal = stopSignal();
  const log = createLog(options);
  const crashed = watchForCrashes(log);
  for (const flag of ignored) {
    log.warn(`${flag} is ignored: an option of the KServe Python server that has no meaning here`);
  }
  const server = await Promise.race([startServer(dir, options, { given }), crashed, signal]);
  if (typeof server === "string") {
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
