import { KtsError } from "../contract/errors.ts";

/** The oldest Node that runs TypeScript as it is without a flag; package.json's `engines` says the same. */
export const OLDEST_NODE = "22.18";

/**
 * @param version of Node, such as 24.1.0
 * @throws KtsError KTS_USAGE when it is too old
 */
export function requireNode(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = OLDEST_NODE.split(".").map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  throw new KtsError("KTS_USAGE", `kserve-ts needs Node ${OLDEST_NODE} or newer, and this is ${version}`, {
    hint: "Install a newer Node: https://nodejs.org",
  });
}
