import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { TOOLS_CACHE } from "../tools-cache.ts";

/** What a program said. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 * @param node folder of the Node that runs it, and whatever it starts; default: the one that runs the tests
 * @throws Error with all it said, when it fails
 */
export async function mustRun(
  program: string,
  words: readonly string[],
  cwd: string,
  node = dirname(process.execPath),
): Promise<Said> {
  const env = { ...userEnv(), PATH: `${node}:${process.env["PATH"] ?? ""}` };
  try {
    return await promisify(execFile)(program, words, { cwd, env, maxBuffer: 64 << 20 });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as Partial<Said>;
    throw new Error(`${program} ${words.join(" ")} failed in ${cwd}:\n${stdout}${stderr}`, { cause: error });
  }
}

/** What `npm run` and vitest set for their children is none of a user's environment. */
function userEnv(): NodeJS.ProcessEnv {
  const ours = /^(npm_|KSERVE_TS_|VITEST|NODE_ENV$|NODE_PATH$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** Installs packages without running any script of theirs, as careful users do. */
export async function install(folder: string, packages: readonly string[], node?: string): Promise<void> {
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await mustRun("npm", ["install", ...quiet, ...packages], folder, node);
}

/** The folder with the program of a version of Node, which npm has too. Kept between runs. */
export async function nodeVersion(version: string): Promise<string> {
  const folder = join(TOOLS_CACHE, `node-${version}`);
  const bin = join(folder, "node_modules/node/bin");
  if (!existsSync(join(bin, "node"))) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), '{"private": true}');
    await mustRun(
      "npm",
      ["install", "--no-audit", "--no-fund", "--loglevel=error", `node@${version}`],
      folder,
    );
  }
  return bin;
}

/** An empty folder outside of the repository, whose packages it must not find. */
export async function emptyFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "kserve-ts-user-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
