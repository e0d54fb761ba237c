import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { messageOf } from "../../contract/errors.ts";
import { fileProblem } from "./problems.ts";

/** One file of a model, as it lies on this machine. */
export interface SourceFile {
  /** Below the model's folder, with `/`; the name alone where the model is one file. */
  readonly path: string;
  /** Where to read it. */
  readonly file: string;
  readonly sizeBytes: number;
}

/** A model's file or folder, listed. */
export interface ModelSource {
  /** As it was given; errors begin with it. */
  readonly path: string;
  readonly kind: "file" | "folder";
  /** In the order of their paths, which does not depend on the machine. */
  readonly files: readonly SourceFile[];
}

/** More is no model but somebody's home folder. */
const MAX_FILES = 20_000;

/** Beside hidden ones, as torch-model-archiver leaves them out. */
const UNWANTED_FOLDERS = new Set(["__pycache__", "__MACOSX"]);

/**
 * Lists a model's files. Hidden files and folders, `__pycache__` and `__MACOSX` are left out; links are followed, as
 * Hugging Face's cache is made of them.
 * @throws KtsError KTS_MODEL_FILE_INVALID when there is nothing at the path, or too much
 */
export async function readSource(path: string): Promise<ModelSource> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileProblem(path, {
      expected: "a model's file or folder",
      got: (error as NodeJS.ErrnoException).code === "ENOENT" ? "nothing at that path" : messageOf(error),
      hint: "Check the path and its permissions.",
      cause: error,
    });
  });
  if (found.isFile()) {
    return { path, kind: "file", files: [{ path: basename(path), file: path, sizeBytes: found.size }] };
  }
  const files: SourceFile[] = [];
  await listFolder(path, "", new Set(), files);
  if (files.length === 0) {
    throw fileProblem(path, {
      expected: "a folder with a model in it",
      got: "a folder without files (hidden ones do not count)",
      hint: "Give the folder that the model was saved to.",
    });
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { path, kind: "folder", files };
}

/** @param above the real paths of the folders that it lies in: a link to one of them would never end */
async function listFolder(
  folder: string,
  prefix: string,
  above: ReadonlySet<string>,
  files: SourceFile[],
): Promise<void> {
  const real = await realpath(folder);
  if (above.has(real)) return;
  for (const name of await readdir(folder)) {
    if (name.startsWith(".")) continue;
    const file = join(folder, name);
    const found = await stat(file).catch(brokenLink(file));
    if (found.isDirectory()) {
      if (!UNWANTED_FOLDERS.has(name)) {
        await listFolder(file, `${prefix}${name}/`, new Set([...above, real]), files);
      }
    } else if (found.isFile()) {
      files.push({ path: prefix + name, file, sizeBytes: found.size });
    }
    if (files.length > MAX_FILES) {
      throw fileProblem(folder, {
        expected: `a model of at most ${MAX_FILES} files`,
        got: "more",
        hint: "Give the folder that holds the model alone.",
      });
    }
  }
}

function brokenLink(file: string): (error: unknown) => never {
  return (error) => {
    throw fileProblem(file, {
      expected: "a file or folder that can be read",
      got: messageOf(error),
      hint: "Check where the link points, and the permissions.",
      cause: error,
    });
  };
}

/** The files that lie at the top of a model's folder. */
export function topFiles(source: ModelSource): readonly SourceFile[] {
  return source.files.filter(({ path }) => !path.includes("/"));
}

/** The ending of a file's name with its dot, in lower case; empty where there is none. */
export function extensionOf(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot).toLowerCase();
}
