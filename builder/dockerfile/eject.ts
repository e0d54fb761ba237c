import { chmod, copyFile, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import type { BuildPlan, PlannedFile } from "../plan/build-plan.ts";
import { contextPath, renderDockerfile } from "./render.ts";

/**
 * Writes the Dockerfile of a plan and its whole context into a folder, for `docker build` to build without us.
 * @param folder made if need be
 * @throws KtsError KTS_BUILD_INPUT when the folder has something in it
 */
export async function ejectPlan(plan: BuildPlan, folder: string, signal?: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new KtsError("KTS_BUILD_INPUT", `${folder} is not empty`, {
      hint: "Name another folder, or remove this one.",
    });
  }
  for (const layer of plan.layers) {
    for (const file of layer.files) {
      signal?.throwIfAborted();
      await writePlanned(join(folder, contextPath(layer.name, file)), file);
    }
  }
  await writeFile(join(folder, "Dockerfile"), renderDockerfile(plan));
}

async function writePlanned(path: string, { source, executable }: PlannedFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (source.kind === "link") return symlink(source.target, path);
  if (source.kind === "bytes") await writeFile(path, source.contents);
  else await copyFile(source.path, path);
  await chmod(path, executable ? 0o755 : 0o644);
}
