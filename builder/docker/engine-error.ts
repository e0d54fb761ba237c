import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";

/** The system's code of a connection's error: ECONNREFUSED, ENOENT. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** The HTTP status that the engine answered with, where it answered. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" ? status : undefined;
}

/** What the engine said: dockerode puts the status and a word of its own in front. */
export function messageOfEngine(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]* - /, "")
    .trim();
}

/** Codes of a connection that was there and broke off. */
const BROKEN: readonly string[] = [
  "ECONNRESET",
  "EPIPE",
  "ECONNREFUSED",
  "ENOENT",
  "ERR_STREAM_PREMATURE_CLOSE",
];

/** Texts by which an engine that is being stopped ends what it does. */
const STOPPING = /context canceled|closing transport|grpc: the client connection is closing|shutting down/i;

/** Whether the engine went away, or is going, while it was asked. */
export function isEngineGone(error: unknown): boolean {
  if (statusOf(error) !== undefined && !STOPPING.test(messageOf(error))) return false;
  return (
    BROKEN.includes(codeOf(error) ?? "") ||
    /socket hang up|aborted/.test(messageOf(error)) ||
    STOPPING.test(messageOf(error))
  );
}

/**
 * Any failure of a request to the engine as one of ours.
 * @param doing what was being done, for the message: `while it built the image`
 */
export function asEngineFailure(error: unknown, doing: string, signal: AbortSignal): KtsError {
  if (signal.aborted) return cancelled(doing, signal);
  if (isKtsError(error)) return error;
  if (isEngineGone(error)) return engineGone(doing, error);
  return new KtsError("KTS_BUILD_FAILED", `the Docker engine failed ${doing}: ${messageOfEngine(error)}`, {
    cause: error,
  });
}

/** The engine was there, and is no more. */
export function engineGone(doing: string, cause: unknown): KtsError {
  return new KtsError("KTS_ENGINE_UNREACHABLE", `the Docker engine went away ${doing}`, {
    cause,
    hint: "Look at the engine's own log, start it again, and repeat the command.",
  });
}

/** The work was stopped by the user. */
export function cancelled(doing: string, signal: AbortSignal): KtsError {
  return new KtsError("KTS_CANCELLED", `stopped ${doing}`, {
    cause: signal.reason,
    hint: "Nothing was left running.",
  });
}
