import { KtsError } from "../../contract/errors.ts";

/** What to do about a failure, by what the engine says of it. The first that fits. */
const HINTS: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/no space left on device/i, "The engine's disk is full: docker system prune makes room."],
  [
    /no such host|dial tcp|i\/o timeout|TLS handshake/i,
    "The registry was not reached: is its name right, is there a network?",
  ],
  [
    /no matching manifest|does not match the (?:specified|detected) platform/i,
    "The base has no such platform: choose another with --platform or --base.",
  ],
  [
    /manifest unknown|repository does not exist|not found: manifest|pull access denied/i,
    "Is the base's name and tag right? A private one needs docker login.",
  ],
  [/unauthorized|authentication required|denied/i, "Log in to the base's registry with docker login."],
  [
    /exec format error/i,
    "The base is for another processor: set --platform, or install its emulation (binfmt).",
  ],
  [
    /executable file not found|non-zero code: 127|: not found/i,
    "The base lacks the program that the step runs; a base needs Node.",
  ],
  [
    /non-zero code: 137|signal: killed/i,
    "The step was killed, likely for want of memory: give the engine more.",
  ],
];

/**
 * A build that failed, with its step, the last lines that it printed, and what to do.
 * @param reason what the engine says
 */
export function buildFailure(
  step: string,
  reason: string,
  lines: readonly string[],
  cause?: unknown,
): KtsError {
  const said = lines.map((line) => `\n  ${line}`).join("");
  const text = [reason, ...lines].join("\n");
  const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1];
  return new KtsError("KTS_BUILD_FAILED", `the step "${step}" failed: ${reason}${said}`, {
    cause,
    ...(hint !== undefined && { hint }),
  });
}
