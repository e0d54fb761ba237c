import { KtsError } from "../../contract/errors.ts";

/** A model file's fault, with the file's path in front. */
export function invalid(path: string, problem: string, hint?: string, cause?: unknown): KtsError {
  return new KtsError("KTS_MODEL_FILE_INVALID", `${path} ${problem}`, {
    cause,
    ...(hint !== undefined && { hint }),
  });
}
