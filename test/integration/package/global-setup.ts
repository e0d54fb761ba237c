import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { mustRun } from "./npm.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of the package as it would be published. */
    tarball: string;
  }
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Builds and packs the package, once for all test files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-package-"));
  const words = ["pack", "--silent", "--pack-destination", folder];
  const { stdout } = await mustRun("npm", words, ROOT);
  project.provide("tarball", join(folder, stdout.trim().split("\n").at(-1) as string));
  return () => rm(folder, { recursive: true, force: true });
}
