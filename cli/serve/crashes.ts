import { KtsError, messageOf } from "../../contract/errors.ts";
import type { ServerLog } from "../../runtime/telemetry/logger.ts";

/**
 * What happens to an error that nobody caught, which an inline predictor on this thread may leave behind.
 *
 * A rejection that nobody waits for is logged, and the server goes on: whoever asked has an answer already. An
 * exception may have left anything half done, so the server drains and ends; one more while it does ends it at once.
 *
 * @returns rejects with the first exception
 */
export function watchForCrashes(log: ServerLog): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  let crashed = false;
  process.on("unhandledRejection", (reason) => {
    log.error(`a rejection that nobody caught: ${messageOf(reason)}`, { stack: stackOf(reason) });
  });
  process.on("uncaughtException", (error: unknown) => {
    log.error(`an exception that nobody caught: ${messageOf(error)}`, { stack: stackOf(error) });
    const failure = crash(error);
    if (crashed) process.exit(failure.exitCode);
    crashed = true;
    reject(failure);
  });
  // Where the server ends before anybody waits for it.
  promise.catch(() => undefined);
  return promise;
}

function crash(error: unknown): KtsError {
  return new KtsError("KTS_INTERNAL", `an exception that nobody caught: ${messageOf(error)}`, {
    cause: error,
    hint: "Its stack is in the log: catch it in the predictor, or report it where it is ours.",
  });
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
