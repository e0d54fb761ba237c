import { readFileSync } from "node:fs";

let version: string | undefined;

/** The version of this package, from its package.json: one folder up in the sources and in the bundle alike. */
export function productVersion(): string {
  if (version === undefined) {
    const file = new URL("../package.json", import.meta.url);
    version = (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  }
  return version;
}
