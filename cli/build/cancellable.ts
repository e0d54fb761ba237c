import { KtsError } from "../../contract/errors.ts";
import { stopSignal } from "../serve/stop-signals.ts";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Does work that Ctrl-C ends by its AbortSignal: it cleans up, and the exit code is that of the signal. A second
 * Ctrl-C does not wait for that.
 * @returns the exit code
 */
export async function cancellable(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  let cancelledBy: keyof typeof EXIT_CODES | undefined;
  void stopSignal().then((name) => {
    cancelledBy = name;
    controller.abort(new KtsError("KTS_CANCELLED", `${name} cancelled the work`));
  });
  try {
    return await work(controller.signal);
  } catch (error) {
    if (cancelledBy !== undefined) return EXIT_CODES[cancelledBy];
    throw error;
  }
}
