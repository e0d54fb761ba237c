import { readFile, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ExampleView } from "./wire.ts";

/** Larger files are no example to look at. */
const LARGEST_BYTES = 1_048_576;
/** More would hide the rest of the page. */
const MOST = 50;

/**
 * The requests of the served folder's `examples`, and of those of a repository's models: every `*.json` but expected
 * answers. What cannot be read is left out.
 * @param served the served folder, or a file in it
 * @param models names of the models
 */
export async function readExamples(
  served: string,
  models: readonly string[],
): Promise<readonly ExampleView[]> {
  const isFolder = await stat(served).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const root = isFolder ? served : dirname(served);
  const lists = await Promise.all([
    readFolder(join(root, "examples"), undefined),
    ...models.map((model) => readFolder(join(root, model, "examples"), model)),
  ]);
  return lists.flat().slice(0, MOST);
}

async function readFolder(folder: string, model: string | undefined): Promise<readonly ExampleView[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const files = names.filter((name) => name.endsWith(".json") && !name.endsWith(".expected.json"));
  const read = files.toSorted().map(async (file) => {
    const path = join(folder, file);
    if ((await stat(path)).size > LARGEST_BYTES) throw new RangeError("too large to show");
    return { name: file.slice(0, -".json".length), model, text: await readFile(path, "utf8") };
  });
  const settled = await Promise.allSettled(read);
  return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}
