import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const CONTRACT = new URL("../../../contract/index.ts", import.meta.url).href;

/** A folder of models for one test. */
export interface TestRepository extends AsyncDisposable {
  readonly path: string;
  /** Writes files by their path within the folder; `kserve-ts` in a module's imports is this checkout's contract. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  remove(path: string): Promise<void>;
}

/** Lays out a repository named `repo`. */
export async function repositoryOf(files: Readonly<Record<string, string>>): Promise<TestRepository> {
  const parent = await mkdtemp(join(tmpdir(), "kserve-ts-repo-"));
  const path = join(parent, "repo");
  const repository: TestRepository = {
    path,
    async write(more) {
      for (const [name, text] of Object.entries(more)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text.replaceAll('"kserve-ts"', JSON.stringify(CONTRACT)));
      }
    },
    remove: (name) => rm(join(path, name), { recursive: true }),
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  };
  await mkdir(path);
  await repository.write(files);
  return repository;
}

/** An inline predictor that answers every instance with a text. */
export function answering(text: string): string {
  return `
    export const execution = "inline";
    export const predict = (_model, instances) => instances.map(() => ${JSON.stringify(text)});
  `;
}

/** The same in a worker thread, after so many milliseconds. */
export function answeringLate(text: string, ms: number): string {
  return `
    export const concurrency = 100;
    export const predict = async (_model, instances) => {
      await new Promise((resolve) => setTimeout(resolve, ${ms}));
      return instances.map(() => ${JSON.stringify(text)});
    };
  `;
}

/** One whose load throws. */
export const BROKEN = `
  export const load = () => { throw new Error("no weights"); };
  export const predict = () => [];
`;
