import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { productVersion } from "../../runtime/product-version.ts";
import { TEMPLATE_FOLDER } from "../template-folder.ts";
import type { TemplateName } from "./templates.ts";

/** What every template has. */
const COMMON = "common";

/** npm leaves files of these names out of a package, so that they are kept under others. */
const STORED_AS: Readonly<Record<string, string>> = { gitignore: ".gitignore" };

/** Files with the project's name in them; any other is copied as it is. */
const FILLED: readonly string[] = ["package.json", "README.md"];

/**
 * Writes a template's files into a folder, with the project's name in them.
 * @param folder is made where it is not there; files of the same name are replaced
 * @returns the files' paths within the folder, sorted
 */
export async function writeProject(
  folder: string,
  template: TemplateName,
  name: string,
): Promise<readonly string[]> {
  const sources = [...(await filesOf(COMMON)), ...(await filesOf(template))];
  await Promise.all(
    sources.map(async ({ from, path }) => {
      const to = join(folder, path);
      await mkdir(dirname(to), { recursive: true });
      if (FILLED.includes(basename(path))) await writeFile(to, fill(await readFile(from, "utf8"), name));
      else await copyFile(from, to);
    }),
  );
  return sources.map(({ path }) => path).toSorted();
}

interface TemplateFile {
  readonly from: string;
  /** Within the project. */
  readonly path: string;
}

async function filesOf(template: string): Promise<readonly TemplateFile[]> {
  const root = join(TEMPLATE_FOLDER, template);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => ({
      from: join(parentPath, name),
      path: join(relative(root, parentPath), STORED_AS[name] ?? name),
    }));
}

function fill(text: string, name: string): string {
  return text.replaceAll("{{name}}", name).replaceAll("{{version}}", productVersion());
}
