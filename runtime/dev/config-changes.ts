import type { KserveConfig } from "../../contract/config.ts";

/**
 * The options of the server that differ between two readings of a config file, as they are written there. They are read
 * once, when the server starts.
 */
export function changedServerOptions(before: KserveConfig, after: KserveConfig): readonly string[] {
  const old: Readonly<Record<string, unknown>> = { ...before.server };
  const now: Readonly<Record<string, unknown>> = { ...after.server };
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].filter((name) => old[name] !== now[name]).map((name) => `server.${name}`);
}
