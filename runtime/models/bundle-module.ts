import { readFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BuildFailure, Message, Plugin } from "esbuild";
import { KtsError } from "../../contract/errors.ts";

/**
 * Bundles a module and what it imports by path, for what Node cannot run as it is: enums, decorators, imports without
 * an extension, path aliases of a tsconfig. Packages stay imports.
 *
 * @throws KtsError KTS_PREDICTOR_INVALID with the place of a syntax error or an import that leads nowhere
 */
export async function bundleModule(file: URL): Promise<string> {
  const { build } = await import("esbuild");
  const path = fileURLToPath(file);
  try {
    const result = await build({
      entryPoints: [path],
      absWorkingDir: dirname(path),
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: `node${process.versions.node}`,
      packages: "external",
      sourcemap: "inline",
      logLevel: "silent",
      plugins: [ownImportMeta],
    });
    process.setSourceMapsEnabled(true);
    return result.outputFiles[0]?.text ?? "";
  } catch (error) {
    const problem = (error as Partial<BuildFailure>).errors?.[0];
    if (problem === undefined) throw error;
    throw new KtsError("KTS_PREDICTOR_INVALID", describeProblem(problem, path), {
      cause: error,
      hint: "Correct the module; it was not run.",
    });
  }
}

/** In a bundle every module would see the entry's `import.meta`; what says where a file lies is put in as text. */
const ownImportMeta: Plugin = {
  name: "own-import-meta",
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const contents = text
        .replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(path).href))
        .replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(dirname(path)))
        .replaceAll(/\bimport\.meta\.filename\b/g, JSON.stringify(path));
      return { contents, loader: /ts$/.test(path) ? "ts" : "js" };
    });
  },
};

/**
 * `predictor.ts:3:9: Expected ")" but found "}"`, and the line.
 * @param entry of the bundle; the file is told as seen from its folder, in which esbuild ran
 */
export function describeProblem({ text, location }: Message, entry: string): string {
  if (location === null) return text;
  const { file, line, column, lineText } = location;
  const name = relative(dirname(entry), file.startsWith("/") ? file : `${dirname(entry)}/${file}`);
  return `${name}:${line}:${column + 1}: ${text}\n  ${line} | ${lineText}\n  ${" ".repeat(`${line} | `.length + column)}^`;
}
