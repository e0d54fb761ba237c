import { stat } from "node:fs/promises";
import { join } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import type { PlannedFile } from "./build-plan.ts";
import { IMAGE_PATHS } from "./image-paths.ts";
import { plannedFile } from "./model-layer.ts";
import { walk } from "./walk.ts";

/**
 * The server's files.
 * @param folder `dist/image` of this package
 * @param withCache whether the compile cache that this package was built with comes along
 * @throws KtsError KTS_BUILD_INPUT when the package has not been built
 */
export async function serverFiles(folder: string, withCache: boolean): Promise<PlannedFile[]> {
  const isThere = await stat(join(folder, "lib/kserve-ts.js")).catch(() => undefined);
  if (isThere === undefined) {
    throw new KtsError("KTS_BUILD_INPUT", `there is no server to put into an image: ${folder} is missing`, {
      hint: "Run npm run build in the sources of kserve-ts, or install the package again.",
    });
  }
  const files = await walk(folder, (path) => !withCache && path === "cache");
  return files.map((file) => ({
    ...plannedFile(file, `${IMAGE_PATHS.server}/${file.path}`),
    executable: false,
  }));
}
