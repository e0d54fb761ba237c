import { basename } from "node:path";
import { KtsError } from "../../contract/errors.ts";

/** Folder names that say where a model lies, not what it is. */
const GENERIC = new Set(["model", "models", "mnt", "app", "src", "dist"]);

const FALLBACK = "model";

/** The name in the URLs that a folder's or file's own name gives: URL safe, `model` where it says nothing. */
export function nameFromPath(path: string): string {
  const safe = basename(path)
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^A-Za-z0-9._~-]+/g, "-")
    .replace(/^[-.~]+|[-.~]+$/g, "");
  return safe === "" || GENERIC.has(safe.toLowerCase()) ? FALLBACK : safe;
}

/**
 * A model name as the user gave it.
 * @throws KtsError KTS_USAGE when a URL's path segment cannot carry it
 */
export function checkModelName(name: string): string {
  // ":" ends the name in V1's /v1/models/{name}:predict, "/" ends a path segment.
  // eslint-disable-next-line no-control-regex
  const isRefused = /[/:\u0000-\u001f\u007f]/.test(name);
  if (name.trim() === "" || name === "." || name === "..") {
    throw new KtsError("KTS_USAGE", `--model_name is ${JSON.stringify(name)}, expected a name`);
  }
  if (!isRefused) return name;
  throw new KtsError(
    "KTS_USAGE",
    `--model_name is ${JSON.stringify(name)}, but a name has no "/", ":" or control characters`,
  );
}
