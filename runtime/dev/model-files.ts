import { createHash } from "node:crypto";
import { dirname, join, sep } from "node:path";
import { listFiles } from "../models/fingerprint.ts";
import type { ModelSource } from "../models/source.ts";

/** Folders of a project that hold no model. */
const OTHER_FOLDERS = new Set(["examples", "test", "tests", "docs", "dist", "coverage"]);

/** Files of a project that are none of a model's: code, what is written for people and tools, logs. */
const OTHER_FILES =
  /(\.([cm]?[jt]sx?|md|log|map|tmp|swp|lock)|~|(^|\/)(package(-lock)?\.json|tsconfig[^/]*\.json|kserve\.config\.\w+|Dockerfile|LICENSE))$/;

/**
 * What a model's files are now, in a text that is another one when any of them has changed: everything in its folder
 * but code; where that is the project's own folder also but what else a project has.
 * @param ignored paths of files that are left out
 * @param onFolder told of each folder that is looked through
 */
export async function modelFilesOf(
  { modelDir, predictorPath, version }: ModelSource,
  ignored: ReadonlySet<string>,
  onFolder?: (path: string) => void,
): Promise<string> {
  const isProject = predictorPath !== undefined && dirname(predictorPath) === modelDir;
  const skips = (path: string) =>
    OTHER_FILES.test(path) ||
    ignored.has(join(modelDir, path)) ||
    (isProject && OTHER_FOLDERS.has(path.split(sep)[0] ?? ""));
  const lines = await listFiles([modelDir], version, { skips, ...(onFolder && { onFolder }) });
  // Of too many nobody can say whether they have changed; then they count as what they are.
  return lines?.join("\n") ?? modelDir;
}

/** The names of files that differ between two texts of {@link modelFilesOf}, relative to the model's folder. */
export function changedFiles(before: string, after: string, { modelDir }: ModelSource): readonly string[] {
  const [old, now] = [before, after].map((text) => new Set(text.split("\n"))) as [Set<string>, Set<string>];
  const differing = [
    ...[...old].filter((line) => !now.has(line)),
    ...[...now].filter((line) => !old.has(line)),
  ];
  const changed = differing.map((line) => line.replace(/ (gone|\S+ \S+ \S+)$/, ""));
  return [...new Set(changed)]
    .filter((path) => path !== "")
    .map((path) => path.replace(join(modelDir, "/"), ""))
    .sort();
}

/** A short text for what a model is loaded from. */
export function modelKeyOf(modelFiles: string, settings: object): string {
  return createHash("sha256")
    .update(JSON.stringify([modelFiles, settings]))
    .digest("hex");
}
