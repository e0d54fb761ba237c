import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestServer, serveFolder } from "../runtime/serving.ts";

const FIXTURES = new URL("../fixtures/models/", import.meta.url).pathname;

/** What a repository for one test holds. */
export interface Models {
  /** Predictor modules, as text, by the name of the model. */
  readonly predictors: Readonly<Record<string, string>>;
  /** Models of test/fixtures/models. */
  readonly fixtures: readonly string[];
}

/** A server of a repository of its own, from which models can be unloaded and loaded. */
export async function modelServer({ predictors, fixtures }: Models): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-models-"));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    for (const [name, source] of Object.entries(predictors)) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, "predictor.mjs"), source);
    }
    for (const name of fixtures) await cp(join(FIXTURES, name), join(folder, name), { recursive: true });
    const server = await serveFolder(folder);
    const dispose = async () => {
      await server.stop();
      await removeFolder();
    };
    return Object.assign(server, { [Symbol.asyncDispose]: dispose });
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
