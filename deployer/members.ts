import type { Members } from "./manifests/manifest.ts";

/** Whether a value is an object, and no list. */
export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value's members; none where it is no object. */
export function membersOf(value: unknown): Members {
  return isMembers(value) ? value : {};
}

/** The objects of a list; none where it is no list. */
export function listOf(value: unknown): readonly Members[] {
  return Array.isArray(value) ? value.map(membersOf) : [];
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
