import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * The folder that is meant where a project is named by its folder or by a file in it, such as its predictor.
 * @throws Error ENOENT when there is nothing
 */
export async function projectFolderOf(path: string): Promise<string> {
  return (await stat(path)).isDirectory() ? path : dirname(path);
}
