import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { InvalidInput, isKtsError, modelNotFound } from "../../contract/errors.ts";
import { readConfig } from "../config/read-config.ts";
import { discoverModel } from "./discover.ts";
import { type ModelPlan, type PlanContext, type PlanPlace, planModel } from "./model-plan.ts";

/** Where a server's models lie. */
export interface ModelStore {
  /** The folder, for messages. */
  readonly root: string;
  /** Names of the models that are there now, whether or not they can be loaded. */
  list(): Promise<readonly string[]>;
  /** @throws KtsError KTS_MODEL_NOT_FOUND; KTS_INVALID_INPUT when the name cannot be a model's */
  require(name: string): Promise<void>;
  /**
   * What is to be served under a name that is there.
   * @param generation how often it was loaded before
   * @throws KtsError as {@link planModel} does
   */
  plan(name: string, generation: number): Promise<ModelPlan>;
}

/** One model: a folder, or a path of a predictor or model file. */
export class SingleModel implements ModelStore {
  readonly root: string;
  readonly #name: string;
  readonly #place: Pick<PlanPlace, "path" | "discover">;
  readonly #context: PlanContext;

  constructor(name: string, place: Pick<PlanPlace, "path" | "discover">, context: PlanContext) {
    this.root = place.path;
    this.#name = name;
    this.#place = place;
    this.#context = context;
  }

  async list(): Promise<readonly string[]> {
    return [this.#name];
  }

  async require(name: string): Promise<void> {
    if (name !== this.#name) throw modelNotFound(name);
  }

  plan(name: string, generation: number): Promise<ModelPlan> {
    return planModel({ ...this.#place, name, generation }, this.#context);
  }
}

/** A folder with a folder for each model, which is called as its folder is. */
export class RepositoryFolder implements ModelStore {
  readonly root: string;
  readonly #context: PlanContext;

  constructor(root: string, context: PlanContext) {
    this.root = root;
    this.#context = context;
  }

  list(): Promise<readonly string[]> {
    return modelFolders(this.root);
  }

  async require(name: string): Promise<void> {
    if (!isFolderName(name)) {
      throw new InvalidInput(
        `a model's name is that of its folder: letters, digits, ".", "_", "~" and "-", the first a letter or digit, and not digits alone; got ${JSON.stringify(name)}`,
        { path: "name" },
      );
    }
    if (!(await isFolder(join(this.root, name)))) throw modelNotFound(name);
  }

  async plan(name: string, generation: number): Promise<ModelPlan> {
    const path = join(this.root, name);
    const ownConfig = await readConfig(path, generation);
    const discover = { modelName: name, mountedDir: "" };
    return planModel({ name, path, discover, ownConfig, within: this.root, generation }, this.#context);
  }
}

/** A name that a URL carries as it is, and that cannot lead out of a folder; a number would be a version. */
function isFolderName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._~-]*$/.test(name) && !/^\d+$/.test(name);
}

/**
 * The folders of a repository that hold a model, by name; also one whose model cannot be served, such as one with two
 * predictors, so that it is listed with the reason.
 */
export async function modelFolders(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => !entry.isFile() && entry.name !== "node_modules" && isFolderName(entry.name))
    .map((entry) => entry.name)
    .sort();
  const holds = await Promise.all(names.map((name) => holdsModel(join(root, name))));
  return names.filter((_name, index) => holds[index]);
}

async function holdsModel(folder: string): Promise<boolean> {
  if (!(await isFolder(folder))) return false;
  try {
    await discoverModel(folder, { mountedDir: "" });
    return true;
  } catch (error) {
    return !(isKtsError(error) && error.code === "KTS_PREDICTOR_NOT_FOUND");
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
