import { basename, extname } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { secretByContents, secretByName } from "./secrets.ts";
import type { FoundFile } from "./walk.ts";

/** Larger files are questioned where they are not the model. */
export const LARGE_BYTES = 100 * 1024 * 1024;

/** How a user's files are let into the image. */
export interface GuardOptions {
  /** The files' folder, for messages. */
  readonly root: string;
  /** What may be large: paths as the user gave them, relative to the project or absolute. */
  readonly allowLarge: readonly string[];
  /** Files that make a model, or belong to one: they are as large as they are. */
  readonly isModel: (file: FoundFile) => boolean;
  /** Whether the user named this very file, not a folder or a pattern that it is in. */
  readonly isNamed: (file: FoundFile) => boolean;
  /** Told what is left out. */
  readonly warn: (warning: string) => void;
}

/**
 * The files that may enter the image. One that by its name holds credentials is left out with a warning, or refused
 * where the user named it; one that has a key in it is refused, since what it is there for cannot be known.
 * @throws KtsError KTS_BUILD_INPUT
 */
export async function guardFiles(files: readonly FoundFile[], options: GuardOptions): Promise<FoundFile[]> {
  const allowed: FoundFile[] = [];
  for (const file of files) {
    const byName = secretByName(file.path);
    if (byName !== undefined) {
      if (options.isNamed(file)) throw secret(file, byName);
      options.warn(`${file.path} of ${options.root} is left out: ${byName}`);
      continue;
    }
    if (file.link === undefined) {
      refuseLarge(file, options);
      const byContents = await secretByContents(file.absolute);
      if (byContents !== undefined) throw secret(file, byContents);
    }
    allowed.push(file);
  }
  return allowed;
}

function secret({ absolute }: FoundFile, why: string): KtsError {
  return new KtsError("KTS_BUILD_INPUT", `${absolute} must not be in an image: ${why}`, {
    hint: "Remove it, or name it in .dockerignore; mount it into the container as a secret where it is needed.",
  });
}

function refuseLarge(file: FoundFile, { allowLarge, isModel }: GuardOptions): void {
  if (file.bytes <= LARGE_BYTES || isModel(file)) return;
  if (allowLarge.some((path) => path === file.path || path === file.absolute)) return;
  const megabytes = Math.round(file.bytes / 1024 / 1024);
  throw new KtsError(
    "KTS_BUILD_INPUT",
    `${file.absolute} has ${megabytes} MB and does not look like a part of the model`,
    { hint: `Remove it, or say that it belongs into the image: --allow-large ${file.path}` },
  );
}

/** What lies beside models, but is read by nobody when they are served. */
const NOT_SERVED =
  /\.(csv|tsv|jsonl|ndjson|parquet|arrow|feather|tfrecord|zip|tar|tgz|gz|bz2|xz|zst|7z|mp4|wav|log|ckpt|pt|pth|pkl|h5)$/i;

/** Whether a file of a model's folder is taken for a part of the model, whatever its size. */
export function looksServed(path: string, modelFile: string | undefined): boolean {
  if (modelFile === undefined) return true;
  return basename(path) === basename(modelFile) || !NOT_SERVED.test(extname(path));
}
