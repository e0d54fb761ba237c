import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { cacheFolder } from "../../builder/plan/cache-folder.ts";
import type { Environment } from "../verb.ts";

/** The image that was built last from a folder. */
export interface FolderImage {
  /** As it was named: `registry/digits:1`. */
  readonly reference: string;
  /** With its digest, as the registry has it; undefined: it was not pushed. */
  readonly pushed?: string;
}

/** Remembers what was built from a folder, for `deploy`. A cache that cannot be written forgets, and breaks nothing. */
export async function rememberImage(dir: string, image: FolderImage, env: Environment): Promise<void> {
  const file = recordOf(dir, env);
  const partial = `${file}.${process.pid}`;
  await mkdir(dirname(file), { recursive: true })
    .then(() => writeFile(partial, `${JSON.stringify(image)}\n`))
    .then(() => rename(partial, file))
    .catch(() => undefined);
}

/** What was built last from a folder on this machine; undefined: nothing, or nobody remembers. */
export async function lastImageOf(dir: string, env: Environment): Promise<FolderImage | undefined> {
  try {
    const { reference, pushed } = JSON.parse(
      await readFile(recordOf(dir, env), "utf8"),
    ) as Partial<FolderImage>;
    if (typeof reference !== "string") return undefined;
    return { reference, ...(typeof pushed === "string" && { pushed }) };
  } catch {
    return undefined;
  }
}

function recordOf(dir: string, env: Environment): string {
  const name = createHash("sha256").update(resolve(dir)).digest("hex").slice(0, 32);
  return join(cacheFolder(env), "images", `${name}.json`);
}
