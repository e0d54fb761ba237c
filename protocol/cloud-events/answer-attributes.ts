import { randomUUID } from "node:crypto";
import type { EventAttributes } from "./attributes.ts";

/** How answers to events are marked; the names of the environment variables are KServe's. */
export interface AnswerSettings {
  /** The `source` of answers (`CE_SOURCE`); undefined: `io.kserve.inference.` and the model's name. */
  readonly ceSource: string | undefined;
  /** The `type` of answers (`CE_TYPE`). */
  readonly ceType: string;
  /** Whether an answer keeps the request's other attributes, such as `subject` and extensions (`CE_MERGE`). */
  readonly ceMerge: boolean;
}

/** What an answer has of its own, or would say of the request's data rather than of its own. */
const NOT_MERGED = new Set(["id", "time", "datacontenttype", "datacontentencoding"]);

/**
 * The attributes of the answer to an event.
 * @param request the request's; undefined where it was a plain body that asked for an event
 */
export function answerAttributes(
  request: EventAttributes | undefined,
  modelName: string,
  settings: AnswerSettings,
): EventAttributes {
  const attributes: Record<string, string | number | boolean> = { specversion: "1.0" };
  attributes["id"] = randomUUID();
  attributes["source"] = settings.ceSource ?? `io.kserve.inference.${modelName}`;
  attributes["type"] = settings.ceType;
  attributes["time"] = new Date().toISOString();
  if (!settings.ceMerge || request === undefined) return attributes;
  for (const name in request) {
    const value = request[name];
    if (NOT_MERGED.has(name) || name === "source" || name === "type" || value === undefined) continue;
    attributes[name] = value;
  }
  return attributes;
}
