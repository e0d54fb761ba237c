import { findModels } from "../../runtime/models/find-models.ts";
import { readConfig } from "../../runtime/config/read-config.ts";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { type Example, readExamples } from "./read-examples.ts";

/**
 * The examples of a project as `readExamples` gives them; those of each model's own folder too, where it has several.
 * @param project the project's folder, or a file in it
 * @throws KtsError as `readExamples`; KTS_BUILD_INPUT when there is no such folder
 */
export async function projectExamples(project: string): Promise<readonly Example[]> {
  const stats = await stat(project).catch(() => undefined);
  if (stats === undefined) {
    throw new KtsError("KTS_BUILD_INPUT", `${project} does not exist`, {
      hint: "Name the folder that has the examples.",
    });
  }
  return readExamples(project, await repositoryOf(stats.isDirectory() ? project : dirname(project)));
}

/** Where the models of a project lie that has several. Whether it can be served otherwise does not matter here. */
async function repositoryOf(folder: string): Promise<string | undefined> {
  const { server } = await readConfig(folder);
  const modelDir = server?.modelDir;
  const options = { mountedDir: "", ...(modelDir !== undefined && { modelDir }) };
  const served = await findModels(folder, options).catch(() => undefined);
  return served?.kind === "repository" ? served.root : undefined;
}
