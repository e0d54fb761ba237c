import { type Members, isPlainObject } from "../../manifests/manifest.ts";

/**
 * A canary's predictor as KServe runs it on Standard: laid over the one that it stands beside, objects member by member,
 * lists and single values as a whole, and what is empty not at all.
 */
export function mergePredictor(stable: Members, canary: Members): Members {
  const merged: Record<string, unknown> = { ...stable };
  for (const [key, value] of Object.entries(canary)) {
    const below = merged[key];
    if (isPlainObject(value) && isPlainObject(below)) merged[key] = mergePredictor(below, value);
    else if (!isEmpty(value) || below === undefined) merged[key] = value;
  }
  return merged;
}

/** A 0 or a false that is written down is meant: Kubernetes leaves out those that are not. */
function isEmpty(value: unknown): boolean {
  return value === "" || (Array.isArray(value) && value.length === 0);
}
