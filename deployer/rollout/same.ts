import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../cluster/cluster.ts";

/** Metadata that the server counts and keeps for itself. */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  "managedFields",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "uid",
  "selfLink",
]);

/** Whether two states of an object ask for the same. What it is (its status) does not count. */
export function isSame(a: KubeObject, b: KubeObject): boolean {
  return isDeepStrictEqual(asked(a), asked(b));
}

/** What an object asks for. */
function asked({ metadata, ...members }: KubeObject): object {
  const own = Object.entries(metadata).filter(([name]) => !SERVERS_OWN.has(name));
  return { ...members, status: undefined, metadata: Object.fromEntries(own) };
}
