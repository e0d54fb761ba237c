import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import type { OwnFiles, PlanInput } from "../../builder/index.ts";

/** The repository's root. */
export const ROOT = new URL("../../", import.meta.url).pathname;

/** A folder for one test with files in it, removed with its scope. */
export class Folder implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async of(files: Readonly<Record<string, string | Uint8Array>>): Promise<Folder> {
    const path = await realpath(await mkdtemp(join(tmpdir(), "kserve-ts-builder-")));
    const folder = new Folder(path);
    for (const [name, contents] of Object.entries(files)) await folder.write(name, contents);
    return folder;
  }

  at(name: string): string {
    return join(this.path, name);
  }

  async write(name: string, contents: string | Uint8Array, mode = 0o644): Promise<void> {
    await mkdir(dirname(this.at(name)), { recursive: true });
    await writeFile(this.at(name), contents);
    await chmod(this.at(name), mode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** As scripts/build-image.ts has it in front of every file. */
const BUILD_BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** Files as a small server: the contract is the real one. */
export async function ownFiles(folder: Folder): Promise<OwnFiles> {
  await folder.write("own/package.json", '{"type":"module"}');
  await folder.write("own/lib/kserve-ts.js", "export {};\n");
  await folder.write("own/cache/v24/one", "compiled");
  await build({
    entryPoints: [join(ROOT, "contract/index.ts")],
    outfile: folder.at("own/lib/contract.js"),
    bundle: true,
    format: "esm",
    platform: "node",
    banner: { js: BUILD_BANNER },
  });
  return { imageFolder: folder.at("own"), packageFolder: folder.path, version: "1.2.3" };
}

/** A project of a predictor alone. */
export function predictorInput(project: Folder, own: OwnFiles, more: Partial<PlanInput> = {}): PlanInput {
  return {
    projectFolder: project.path,
    predictorPath: project.at("predictor.ts"),
    model: { kind: "none" },
    modelName: "digits",
    config: {},
    own,
    ...more,
  };
}

/** How a native file begins that is for a machine: ELF's numbers are 0x3e for x86-64 and 0xb7 for arm64. */
export function elf(machine: 0x3e | 0xb7): Uint8Array {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header.writeUInt16LE(machine, 18);
  return header;
}
