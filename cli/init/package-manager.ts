import { spawn } from "node:child_process";
import { KtsError } from "../../contract/errors.ts";
import type { Environment } from "../verb.ts";

/** What installs a project's packages. */
export const PACKAGE_MANAGERS = ["npm", "pnpm", "yarn", "bun"] as const;
export type PackageManager = (typeof PACKAGE_MANAGERS)[number];

/** The one that started us (`pnpm dlx kserve-ts init`), as it says in the environment; else npm. */
export function usualPackageManager(env: Environment): PackageManager {
  const [name] = (env["npm_config_user_agent"] ?? "").split("/");
  return PACKAGE_MANAGERS.find((known) => known === name) ?? "npm";
}

/** How a package manager runs a project's own `kserve-ts`. */
export function runnerOf(manager: PackageManager): string {
  return { npm: "npx kserve-ts", pnpm: "pnpm kserve-ts", yarn: "yarn kserve-ts", bun: "bunx kserve-ts" }[
    manager
  ];
}

/**
 * Installs the packages of a project. What the package manager says goes to stderr.
 * @throws KtsError KTS_PACKAGE_MISSING when it is not there, or fails
 */
export async function installPackages(folder: string, manager: PackageManager): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(manager, ["install"], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
    // On Windows they are scripts, which only a shell runs.
    shell: process.platform === "win32",
  });
  child.once("error", reject);
  child.once("close", (code, signal) => resolve(code === null ? String(signal) : `exit code ${code}`));
  const hint = `The project is written. Run ${manager} install in its folder.`;
  let end: string;
  try {
    end = await promise;
  } catch (error) {
    throw new KtsError("KTS_PACKAGE_MISSING", `${manager} cannot be run`, { cause: error, hint });
  }
  if (end === "exit code 0") return;
  throw new KtsError("KTS_PACKAGE_MISSING", `${manager} install ended with ${end}`, { hint });
}
