import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Metafile } from "esbuild";

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/**
 * The licences of the packages whose code is in bundles, which ask to go along with it.
 * @param root what the bundles' paths are relative to
 * @throws Error when a package says nothing of its licence
 */
export function thirdPartyNotices(root: string, bundles: readonly Metafile[]): string {
  const inputs = bundles.flatMap(({ inputs: files }) => Object.keys(files));
  const folders = new Set(
    inputs.filter((path) => path.includes("node_modules/")).map((path) => packageFolder(root, path)),
  );
  const notices = [...folders].map(noticeOf).toSorted();
  return `kserve-ts has code of these packages in it.\n\n${[...new Set(notices)].join("\n")}`;
}

/** The folder of the package that a file is of: the nearest one above it whose package.json has a name and a version. */
function packageFolder(root: string, path: string): string {
  for (let folder = dirname(join(root, path)); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (!existsSync(manifest)) continue;
    const { name, version } = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
    if (name !== undefined && version !== undefined) return folder;
  }
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<
    string,
    unknown
  >;
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  if (license === undefined && texts.length === 0)
    throw new Error(`${String(name)} says nothing of its licence`);
  const title = `${String(name)} ${String(version)} (${String(license)})`;
  return [title, "-".repeat(title.length), ...texts, ""].join("\n");
}
