import { createHash, randomUUID } from "node:crypto";
import { access, constants, mkdir, readFile, rename, rm } from "node:fs/promises";
import { arch, cpus, platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { InferenceSession } from "onnxruntime-node";
import type { OnnxSettings } from "../../contract/engine-settings.ts";
import { messageOf } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";

/** What a model's optimised graph depends on, and where it is kept. */
export interface GraphCacheOptions {
  /** Folder of the cached graphs. */
  readonly dir: string;
  readonly modelFile: string;
  /** Of onnxruntime-node. */
  readonly version: string;
  readonly settings: OnnxSettings;
  readonly log: PredictorLog | undefined;
}

type Create = (file: string, more?: InferenceSession.SessionOptions) => Promise<InferenceSession>;

/** One model's place in the cache. */
export interface GraphCache {
  /** The cached graph's session; or the model's own, kept for the next start. Undefined: the cache is of no use. */
  load(create: Create): Promise<InferenceSession | undefined>;
}

/** The word before the name of a weight file, in a model that keeps weights in files of their own. */
const EXTERNAL_DATA = "location";

/** A model's place in the cache; undefined where the model cannot be cached. */
export async function graphCacheOf(options: GraphCacheOptions): Promise<GraphCache | undefined> {
  const { modelFile, log } = options;
  let model: Buffer;
  try {
    model = await readFile(modelFile);
  } catch {
    // The engine has checked the file; one above 2 GiB cannot be read whole, and its graph would not be written.
    return undefined;
  }
  if (model.includes(EXTERNAL_DATA)) {
    log?.debug("the optimised graph is not cached: the model may keep weights in other files");
    return undefined;
  }
  const dir = resolve(options.dir);
  const file = join(dir, `${keyOf(model, options)}.onnx`);
  return {
    async load(create) {
      return (await loadCached(file, create, log)) ?? (await createAndKeep(dir, file, options, create));
    },
  };
}

/** Everything that changes the graph: the layout optimisations even ask which CPU it is. */
function keyOf(model: Buffer, { version, settings }: GraphCacheOptions): string {
  const { executionProviders, graphOptimization } = settings;
  const machine = [platform(), arch(), cpus()[0]?.model];
  const options = [executionProviders ?? ["cpu"], graphOptimization ?? "all"];
  return createHash("sha256")
    .update(JSON.stringify([version, machine, options]))
    .update(model)
    .digest("hex");
}

async function loadCached(
  file: string,
  create: Create,
  log: PredictorLog | undefined,
): Promise<InferenceSession | undefined> {
  try {
    await access(file, constants.R_OK);
  } catch {
    return undefined;
  }
  try {
    const session = await create(file, { graphOptimizationLevel: "disabled" });
    log?.debug("the optimised graph came from the cache", { file });
    return session;
  } catch (error) {
    log?.debug(`the cached graph does not load, and is made again: ${messageOf(error)}`, { file });
    await rm(file, { force: true }).catch(() => undefined);
    return undefined;
  }
}

async function createAndKeep(
  dir: string,
  file: string,
  { modelFile, log }: GraphCacheOptions,
  create: Create,
): Promise<InferenceSession | undefined> {
  const unfinished = join(dir, `.${randomUUID()}.onnx`);
  try {
    if (!(await isWritable(dir, log))) return undefined;
    const session = await create(modelFile, { optimizedModelFilePath: unfinished });
    // Renamed when it is whole: other workers and processes see all of it or nothing.
    await rename(unfinished, file).catch(async (error: unknown) => notKept(log, dir, error));
    return session;
  } catch (error) {
    // Of a model that does not load at all, the next attempt, without the cache, tells.
    notKept(log, dir, error);
    return undefined;
  } finally {
    await rm(unfinished, { force: true }).catch(() => undefined);
  }
}

/** Somebody asked for the folder by its name, so it is said aloud where it is of no use. */
async function isWritable(dir: string, log: PredictorLog | undefined): Promise<boolean> {
  try {
    await makeFolder(dir);
    await access(dir, constants.W_OK);
    return true;
  } catch (error) {
    log?.warn(`the optimised graph is not cached: ${messageOf(error)}`, { dir });
    return false;
  }
}

/** Node's own recursive mkdir never returns where the kernel makes no folders and says ENOENT, as in /proc. */
async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    const parent = dirname(dir);
    if (code !== "ENOENT" || (await isThere(parent))) throw error;
    await makeFolder(parent);
    await makeFolder(dir);
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function notKept(log: PredictorLog | undefined, dir: string, error: unknown): void {
  log?.debug(`the optimised graph is not cached: ${messageOf(error).split("\n")[0]}`, { dir });
}
