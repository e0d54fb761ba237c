import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { KtsError } from "../../../contract/errors.ts";
import { isKtsError } from "../../../contract/errors.ts";
import type { Content } from "../../../deployer/artifacts/content.ts";

/** The models of test/fixtures. */
export const MODELS = new URL("../../fixtures/models/", import.meta.url).pathname;

/** A folder with a model in it, which goes when it is disposed of. */
export interface TempModel extends AsyncDisposable {
  readonly folder: string;
  /** The path of a file in it. */
  file(path: string): string;
}

/** Writes files, by their paths, into a folder of their own. */
export async function tempModel(files: Readonly<Record<string, string | Uint8Array>>): Promise<TempModel> {
  const folder = await mkdtemp(join(tmpdir(), "kts-model-"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return {
    folder,
    file: (path) => join(folder, path),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** All bytes of a content, or a part. */
export async function bytesOf(content: Content, start?: number, end?: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.read(start, end)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The error of ours that something fails with; anything else fails the test. */
export async function failure(action: () => unknown): Promise<KtsError> {
  try {
    await action();
  } catch (error) {
    if (isKtsError(error)) return error;
    throw error;
  }
  throw new Error("expected it to fail");
}
