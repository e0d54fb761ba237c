import { dirname, resolve } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { kindOf } from "../models/folder.ts";
import type { Served } from "../models/find-models.ts";
import { ProjectWatch, type WatchSetup } from "./project-watch.ts";

/**
 * Prepares to watch what is served.
 * @param folder that was named to be served, or the file in it
 * @throws KtsError KTS_USAGE where there is no esbuild, as in an image
 */
export async function startWatch(
  folder: string,
  served: Served,
  setup: Omit<WatchSetup, "place">,
): Promise<ProjectWatch> {
  await import("esbuild").catch((error: unknown) => {
    throw new KtsError("KTS_USAGE", "--watch takes esbuild, which is not installed here", {
      cause: error,
      hint: "Watch the project where it is worked on; an image serves what it was built with.",
    });
  });
  if (served.kind === "repository") {
    return new ProjectWatch({ ...setup, place: { folder: served.root, isRepository: true } });
  }
  const path = resolve(folder);
  const project = (await kindOf(path)) === "folder" ? path : dirname(path);
  return new ProjectWatch({ ...setup, place: { folder: project, isRepository: false } });
}
