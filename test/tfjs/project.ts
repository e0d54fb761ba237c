import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const INSTALLED = process.env["KSERVE_TS_TFJS_NODE"] ?? "";

/** A project that has tfjs-node installed. */
export interface Project extends Disposable {
  readonly folder: string;
  /** Copies a fixture's model into the project; gives the folder to serve, which is named after the fixture. */
  model(name: string): string;
}

/** Makes a project in a temporary folder. */
export function createProject(): Project {
  if (INSTALLED === "") throw new Error("KSERVE_TS_TFJS_NODE is not set: run npm run test:tfjs");
  const folder = mkdtempSync(join(tmpdir(), "tfjs-project-"));
  symlinkSync(join(INSTALLED, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    model(name) {
      const target = join(folder, name, "model");
      mkdirSync(join(folder, name), { recursive: true });
      cpSync(new URL(`../fixtures/models/${name}/model`, import.meta.url), target, { recursive: true });
      return join(folder, name);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
