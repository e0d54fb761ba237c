import { ERROR_CATALOGUE, type ErrorCode } from "../contract/errors.ts";

/** What the exit codes mean; the error catalogue decides which error has which. */
const MEANINGS: Readonly<Record<number, string>> = {
  0: "It did what was asked; a server was stopped by a signal and has drained.",
  1: "A request failed: the server or the model refused it. Of diff: there are differences. Of bench: the goal is missed.",
  2: "The command line is wrong.",
  3: "There is no predictor, image or deployment of that name, or it is wrong; or a package is not installed.",
  4: "The model did not load, or its runtime could not load it.",
  5: "The port cannot be had.",
  6: "The server, the Docker engine, the registry, the cluster or the store was not reached.",
  7: "The image was not built.",
  8: "The built image did not prove itself; nothing was pushed.",
  9: "The registry did not take the image, or the store the model.",
  10: "The cluster refused what was asked, or has no KServe.",
  11: "What was deployed cannot come up; the message says why.",
  12: "What was deployed was not ready in time, and may still become so.",
  70: "A bug, or an exception in a predictor that nobody caught.",
  130: "SIGINT ended it at once; a server only where it was the second signal.",
  143: "SIGTERM ended it at once; a server only where it was the second signal.",
};

/** One exit code of the command line. */
export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
  /** The errors that end with it. */
  readonly errors: readonly ErrorCode[];
}

/** Every exit code, in ascending order. */
export function exitCodes(): readonly ExitCode[] {
  const codes = Object.keys(ERROR_CATALOGUE) as ErrorCode[];
  return Object.entries(MEANINGS).map(([text, meaning]) => {
    const code = Number(text);
    return { code, meaning, errors: codes.filter((error) => ERROR_CATALOGUE[error].exit === code) };
  });
}
