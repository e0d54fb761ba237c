import { type ErrorCode, type KtsError, isKtsError } from "../../contract/errors.ts";
import type { RunningServer, ServerExtras } from "../../runtime/running-server.ts";
import { startServer } from "../../runtime/server.ts";
import type { ServerOptions } from "../../runtime/options.ts";
import { failureText } from "../failure.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { tellWatch } from "./watch-lines.ts";

/** What the next change may mend. */
const MENDABLE: readonly ErrorCode[] = [
  "KTS_PREDICTOR_INVALID",
  "KTS_PREDICTOR_NOT_FOUND",
  "KTS_LOAD_FAILED",
  "KTS_MODEL_FILE_INVALID",
  "KTS_WORKER_BOOT_FAILED",
];

/**
 * Serves a project as its files change. One that cannot be served yet is tried again as soon as they have.
 * @param signal ends the waiting for that
 * @throws KtsError as `startServer`, for what no change of the project's files can mend
 */
export async function startWatching(
  folder: string,
  options: ServerOptions,
  extras: Pick<ServerExtras, "given">,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<RunningServer> {
  const { projectFingerprint, untilChanged } = await import("../../runtime/dev/until-changed.ts");
  for (;;) {
    const before = await projectFingerprint(folder);
    let failure: KtsError;
    try {
      return await startServer(folder, options, { ...extras, watch: (event) => tellWatch(event, terminal) });
    } catch (error) {
      if (!isKtsError(error) || !MENDABLE.includes(error.code)) throw error;
      failure = error;
    }
    terminal.complain(failureText(failure, terminal.styleComplaint));
    terminal.complain("Waiting for a change.");
    await untilChanged(folder, before, signal);
    if (signal.aborted) throw failure;
  }
}
