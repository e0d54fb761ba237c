import { dirname } from "node:path";
import { messageOf } from "../../contract/errors.ts";
import { placeIn } from "../models/load-module.ts";
import type { ModelSource } from "../models/source.ts";

/** What went wrong, with the place where the project's code threw it, unless the message has one. */
export function problemText(error: unknown, sources: readonly ModelSource[]): string {
  const message = messageOf(error);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  if (/:\d+:\d+/.test(message)) return message;
  for (const { predictorPath } of sources) {
    const place = predictorPath === undefined ? undefined : placeIn(dirname(predictorPath), stack);
    if (place !== undefined) return `${message} (${place})`;
  }
  return message;
}
