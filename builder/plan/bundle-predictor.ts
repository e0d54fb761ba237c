import { readFile, realpath, stat } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import type { BuildFailure, BuildResult, Message, PartialMessage, Plugin } from "esbuild";
import { KtsError } from "../../contract/errors.ts";
import { whyNotBundled, whyNotMoved } from "./bundle-rule.ts";
import { packageFolderOf, packageOfImport } from "./package-folder.ts";

/** What a bundle is made of. Paths are absolute. */
export interface BundleInput {
  readonly projectFolder: string;
  readonly predictorPath: string;
  /** The contract as one module, for imports of `kserve-ts`. */
  readonly contractPath: string;
  /** Packages that are left out in any case. */
  readonly external: readonly string[];
}

/** A package that a bundle imports. */
export interface ExternalPackage {
  readonly name: string;
  /** Where it is installed, absolute. */
  readonly folder: string;
  /** Why it is not in the bundle. */
  readonly why: string;
}

/** A predictor in one module. */
export interface PredictorBundle {
  readonly code: string;
  /** The source map, with the sources in it. */
  readonly map: string;
  readonly externals: readonly ExternalPackage[];
  readonly warnings: readonly string[];
}

/** CommonJS packages ask for builtins by `require`. The name is no other bundle's: one may be within this one. */
const REQUIRE =
  'import { createRequire as __requireOfPredictor } from "node:module"; const require = __requireOfPredictor(import.meta.url);';

/** What the server itself has for a predictor to import. */
const SERVER_HAS = new Set(["kserve-ts/client"]);

/**
 * Bundles a predictor with all that it imports into one ESM module for Node 24. Packages that cannot be in a bundle
 * stay imports.
 * @throws KtsError KTS_BUILD_INPUT with the file, line and column of a syntax error, or an import that leads nowhere
 */
export async function bundlePredictor(input: BundleInput): Promise<PredictorBundle> {
  const externals = new Map<string, ExternalPackage>();
  for (const name of input.external) {
    externals.set(name, { name, folder: "", why: "--external names it" });
  }
  // Whether code can be moved is known when it is read; a package that cannot be is left out in another round.
  for (;;) {
    const moved = new Map<string, ExternalPackage>();
    const imported = new Map<string, ExternalPackage>();
    const warnings: string[] = [];
    const result = await run(input, resolvePackages(input, { externals, moved, imported, warnings }));
    if (moved.size > 0) {
      for (const [name, found] of moved) externals.set(name, found);
      continue;
    }
    const [code, map] = textsOf(result);
    const used = [...imported.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { code, map, externals: used, warnings: [...new Set(warnings)] };
  }
}

interface Rounds {
  /** Left out by what is known so far. */
  readonly externals: ReadonlyMap<string, ExternalPackage>;
  /** Found out in this round. */
  readonly moved: Map<string, ExternalPackage>;
  readonly imported: Map<string, ExternalPackage>;
  readonly warnings: string[];
}

async function run({ projectFolder, predictorPath }: BundleInput, plugin: Plugin): Promise<BuildResult> {
  const { build } = await import("esbuild");
  try {
    return await build({
      entryPoints: [predictorPath],
      absWorkingDir: await realpath(projectFolder),
      outfile: join(await realpath(projectFolder), "predictor.js"),
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node24",
      keepNames: true,
      sourcemap: true,
      logLevel: "silent",
      banner: {
        js: REQUIRE,
      },
      plugins: [plugin],
    });
  } catch (error) {
    const problem = (error as Partial<BuildFailure>).errors?.[0];
    if (problem === undefined) throw error;
    throw bundleFailed(problem, projectFolder, error);
  }
}

const CONTRACT = "kserve-ts";

function resolvePackages(input: BundleInput, rounds: Rounds): Plugin {
  return {
    name: "packages",
    setup(build) {
      // In a namespace of its own its path, which shows in the bundle, is the same wherever it is installed.
      build.onResolve({ filter: /^kserve-ts$/ }, () => ({ path: "contract.js", namespace: CONTRACT }));
      build.onLoad({ filter: /.*/, namespace: CONTRACT }, async () => ({
        contents: await readFile(input.contractPath, "utf8"),
        loader: "js",
      }));
      build.onResolve({ filter: /^[^./#]/ }, async (args) => {
        if (args.pluginData === CONTRACT || args.kind === "entry-point") return undefined;
        if (isBuiltin(args.path) || SERVER_HAS.has(args.path)) return { path: args.path, external: true };
        const name = packageOfImport(args.path);
        if (name === undefined) return undefined;
        const { resolveDir, kind, importer } = args;
        const found = await build.resolve(args.path, { resolveDir, kind, importer, pluginData: CONTRACT });
        const folder = found.errors.length > 0 ? undefined : packageFolderOf(found.path);
        const listed = rounds.externals.get(name);
        if (folder === undefined) {
          if (found.errors.length === 0) return found;
          // What is not there is esbuild's to tell, with its line; or to leave, within a try.
          return listed === undefined ? undefined : { errors: [missing(name)] };
        }
        const why = listed?.why ?? whyNotBundled(name, folder);
        if (why === undefined) return found;
        rounds.imported.set(name, sameCopy(rounds.imported.get(name), { name, folder, why }));
        return { path: args.path, external: true };
      });
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        const folder = packageFolderOf(path);
        const code = await readFile(path, "utf8");
        if (folder === undefined) {
          rounds.warnings.push(...(await filesBeside(path, code, input)));
          return undefined;
        }
        const why = whyNotMoved(code);
        const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
        if (why !== undefined) rounds.moved.set(name, { name, folder, why });
        return undefined;
      });
    },
  };
}

function missing(name: string): PartialMessage {
  return { text: `Could not resolve "${name}"` };
}

/** There is one place in the image for a package of a name. */
function sameCopy(before: ExternalPackage | undefined, now: ExternalPackage): ExternalPackage {
  if (before === undefined || before.folder === now.folder) return now;
  throw new KtsError(
    "KTS_BUILD_INPUT",
    `the predictor imports two copies of ${now.name}: ${before.folder} and ${now.folder}`,
    { hint: "Run npm dedupe, or ask for one version of it." },
  );
}

/** Files that a module reads from beside itself are not in the bundle. */
async function filesBeside(path: string, code: string, { projectFolder }: BundleInput): Promise<string[]> {
  const warnings: string[] = [];
  for (const [, file] of code.matchAll(/new URL\(\s*["'](\.[^"'?#]+)["']\s*,\s*import\.meta\.url\s*\)/g)) {
    const target = join(dirname(path), file as string);
    const isFile = (await stat(target).catch(() => undefined))?.isFile() === true;
    if (!isFile) continue;
    const name = relative(projectFolder, target);
    warnings.push(`${relative(projectFolder, path)} reads ${name}: --include ${name} puts it into the image`);
  }
  return warnings;
}

function textsOf({ outputFiles = [] }: BuildResult): [code: string, map: string] {
  const map = outputFiles.find(({ path }) => path.endsWith(".map"));
  const code = outputFiles.find(({ path }) => !path.endsWith(".map"));
  return [code?.text ?? "", map?.text ?? ""];
}

/** `predictor.ts:3:9: Could not resolve "left-pad"`, and the line. */
function bundleFailed(problem: Message, projectFolder: string, cause: unknown): KtsError {
  const { text, location } = problem;
  const name = /^Could not resolve "([^"]+)"/.exec(text)?.[1];
  const packageName = name === undefined ? undefined : packageOfImport(name);
  const hint =
    packageName === undefined
      ? "Correct the module; it was not run."
      : `Run npm install ${packageName} in ${projectFolder}.`;
  if (location === null) return new KtsError("KTS_BUILD_INPUT", text, { cause, hint });
  const { file, line, column, lineText } = location;
  const place = `${file}:${line}:${column + 1}: ${text}`;
  const pointer = `  ${line} | ${lineText}\n  ${" ".repeat(`${line} | `.length + column)}^`;
  return new KtsError("KTS_BUILD_INPUT", `${place}\n${pointer}`, { cause, hint });
}
