import { findModels } from "../../runtime/models/find-models.ts";
import { readConfig } from "../../runtime/config/read-config.ts";
import { KtsError } from "../../contract/errors.ts";
import { projectFolderOf } from "../project-folder.ts";
import { type Example, readExamples } from "./read-examples.ts";

/**
 * The examples of a project as `readExamples` gives them; those of each model's own folder too, where it has several.
 * @param project the project's folder, or a file in it
 * @throws KtsError as `readExamples`; KTS_BUILD_INPUT when there is no such folder
 */
export async function projectExamples(project: string): Promise<readonly Example[]> {
  const folder = await projectFolderOf(project).catch(() => undefined);
  if (folder === undefined) {
    throw new KtsError("KTS_BUILD_INPUT", `${project} does not exist`, {
      hint: "Name the folder that has the examples.",
    });
  }
  return readExamples(folder, await repositoryOf(folder));
}

/** Where the models of a project lie that has several. Whether it can be served otherwise does not matter here. */
async function repositoryOf(folder: string): Promise<string | undefined> {
  const { server } = await readConfig(folder);
  const modelDir = server?.modelDir;
  const options = { mountedDir: "", ...(modelDir !== undefined && { modelDir }) };
  const served = await findModels(folder, options).catch(() => undefined);
  return served?.kind === "repository" ? served.root : undefined;
}
