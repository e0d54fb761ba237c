import { describe, inject } from "vitest";
import type { RigFacts } from "./global-setup.ts";

/** Tests that need the rig; skipped where it cannot be had. */
export function describeWithRig(name: string, tests: (rig: RigFacts) => void): void {
  const rig = inject("rig");
  if (rig === undefined) describe.skip(name, () => undefined);
  else describe(name, () => tests(rig));
}

/** Tests that start, fill or kill an engine of their own; skipped where only somebody else's engine can be had. */
export function describeWithOwnEngine(name: string, tests: () => void): void {
  const mayStart = process.getuid?.() === 0 && inject("rig") !== undefined;
  if (mayStart) describe(name, tests);
  else describe.skip(name, () => undefined);
}
