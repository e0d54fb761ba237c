import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where what can be made again is kept: `KSERVE_TS_CACHE_DIR`, else `kserve-ts` in XDG_CACHE_HOME, else in
 * ~/.cache. It may be removed at any time.
 */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const own = env["KSERVE_TS_CACHE_DIR"];
  if (own !== undefined && own !== "") return own;
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "kserve-ts");
}
