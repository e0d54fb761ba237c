import { KtsError } from "../../contract/errors.ts";

/** What is wrong with a model's file. */
export interface FileProblem {
  /** What should be there; goes after "expected". */
  readonly expected: string;
  /** What is there; goes after "got". */
  readonly got: string;
  /** How to mend it. */
  readonly hint: string;
  readonly cause?: unknown;
}

/** The file is broken, or is not what its name says: no server could load it. */
export function fileProblem(path: string, problem: FileProblem): KtsError {
  return problemError("KTS_MODEL_FILE_INVALID", path, problem);
}

/** The file is whole, but the runtime that would serve it cannot load it. */
export function unsupported(path: string, problem: FileProblem): KtsError {
  return problemError("KTS_MODEL_UNSUPPORTED", path, problem);
}

/** No format is recognised, or several. */
export function formatUnknown(path: string, problem: FileProblem): KtsError {
  return problemError("KTS_MODEL_FORMAT_UNKNOWN", path, problem);
}

/** The hint for whatever is cut short. */
export const COPY_AGAIN = "Copy the file again and compare its size or checksum with the original's.";

function problemError(
  code: "KTS_MODEL_FILE_INVALID" | "KTS_MODEL_UNSUPPORTED" | "KTS_MODEL_FORMAT_UNKNOWN",
  path: string,
  { expected, got, hint, cause }: FileProblem,
): KtsError {
  return new KtsError(code, `expected ${expected}, got ${got}`, { path, hint, cause });
}
