import { InvalidInput } from "../../contract/errors.ts";

/** An event's context: `specversion`, `id`, `source`, `type` and what else it has; names are in lower case. */
export type EventAttributes = Readonly<Record<string, string | number | boolean>>;

/** An event. */
export interface CloudEvent {
  readonly attributes: EventAttributes;
  /** What it carries: the bytes of a V1 or V2 body. */
  readonly data: Uint8Array;
  /** Whether `data` is a body byte for byte, so that it may hold binary tensors; else it is JSON. */
  readonly isRaw: boolean;
}

/** What every event has. */
export const REQUIRED = ["specversion", "id", "source", "type"] as const;

const KNOWN_VERSIONS: readonly unknown[] = ["1.0", "0.3"];

/**
 * Checks that an event is of a version we know.
 * @throws InvalidInput in the words of the KServe Python server
 */
export function checkVersion(version: unknown): void {
  if (KNOWN_VERSIONS.includes(version)) return;
  throw new InvalidInput(
    `Cloud Event Exceptions: Found invalid specversion ${String(version).slice(0, 40)}, expected 1.0 or 0.3`,
  );
}
