import { KtsError } from "../../contract/errors.ts";
import { SIGNAL_EXIT_CODES, type StopSignal, stopSignal } from "../serve/stop-signals.ts";

/**
 * Does work that Ctrl-C ends by its AbortSignal: it cleans up, and the exit code is that of the signal. A second
 * Ctrl-C does not wait for that.
 * @returns the exit code
 */
export async function cancellable(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  let cancelledBy: StopSignal | undefined;
  void stopSignal().then((name) => {
    cancelledBy = name;
    controller.abort(new KtsError("KTS_CANCELLED", `${name} cancelled the work`));
  });
  try {
    return await work(controller.signal);
  } catch (error) {
    if (cancelledBy !== undefined) return SIGNAL_EXIT_CODES[cancelledBy];
    throw error;
  }
}
