import { realpath } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";
import type { KserveConfig } from "../../contract/config.ts";
import { KtsError } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import { type LayeredOptions, type ModelSettings, modelSettings } from "../config/settings.ts";
import { type DiscoverOptions, discoverModel, listVersions } from "./discover.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { ModelSource } from "./source.ts";
import { chooseVersions, policyOf, readTritonConfig } from "./version-policy.ts";

/** One version of a model that is to be served. */
export interface PlannedVersion {
  readonly source: ModelSource;
  /** Of the files it is made of; undefined where there are too many to tell whether they changed. */
  readonly fingerprint: string | undefined;
}

/** What is to be served under a name. */
export interface ModelPlan {
  /** Highest version first; one without a version where the model has none. */
  readonly versions: readonly PlannedVersion[];
  readonly settings: ModelSettings;
}

/** What a plan is made of beside the files. */
export interface PlanContext {
  readonly options: LayeredOptions;
  /** The file of the served folder, or of the repository's root. */
  readonly config: KserveConfig;
  readonly log: PredictorLog;
}

/** Where a model's files are looked for. */
export interface PlanPlace {
  readonly name: string;
  /** The model's folder; or the path of its predictor or model file. */
  readonly path: string;
  readonly discover: DiscoverOptions;
  /** The model folder's own config file. */
  readonly ownConfig?: KserveConfig;
  /** The folder that no file may lie out of, also not by a symbolic link. Undefined: anywhere. */
  readonly within?: string;
  readonly generation: number;
}

/**
 * Looks at a model's files and decides which versions of it are to be served, and how.
 * @throws KtsError KTS_PREDICTOR_NOT_FOUND when there is nothing to serve; KTS_PREDICTOR_INVALID; KTS_CONFIG_INVALID
 */
export async function planModel(place: PlanPlace, context: PlanContext): Promise<ModelPlan> {
  const { name, path, generation } = place;
  if (place.within !== undefined) await requireWithin(place.within, path);
  const settings = modelSettings(name, context.options, context.config, place.ownConfig);
  const chosen = await chosenVersions(place, settings, context.log);
  const sources =
    chosen === undefined
      ? [await discoverModel(path, place.discover)]
      : await Promise.all(chosen.map((version) => discoverModel(path, { ...place.discover, version })));
  const versions: PlannedVersion[] = [];
  for (const source of sources) {
    if (place.within !== undefined) await requireSourceWithin(place.within, source);
    const fingerprint = await fingerprintOf([path, source.modelDir], source.version);
    versions.push({ source: { ...source, name, generation }, fingerprint });
  }
  return { versions, settings };
}

/** Undefined where the model has no versions, and no setting asks for one. */
async function chosenVersions(
  { name, path, discover }: PlanPlace,
  { versions: setting }: ModelSettings,
  log: PredictorLog,
): Promise<readonly string[] | undefined> {
  const there = await listVersions(path, discover);
  const triton = await readTritonConfig(path);
  if (triton !== undefined) {
    log.info("config.pbtxt is not read, but for its version_policy", { model: name });
  }
  if (there.length === 0 && !Array.isArray(setting)) return undefined;
  const policy = setting !== undefined ? policyOf(setting) : (triton?.policy ?? { newest: 1 });
  const { chosen, missing } = chooseVersions(there, policy);
  if (chosen.length === 0) {
    const others = there.length === 0 ? "it has no version folders" : `there are ${there.join(", ")}`;
    throw new KtsError("KTS_PREDICTOR_NOT_FOUND", `${path} has no version ${missing.join(", ")}: ${others}`, {
      hint: "Correct the model's versions setting.",
    });
  }
  if (missing.length > 0) log.warn(`there is no version ${missing.join(", ")}`, { model: name });
  return chosen;
}

async function requireSourceWithin(
  root: string,
  { predictorPath, modelFile, modelDir }: ModelSource,
): Promise<void> {
  for (const path of [modelDir, predictorPath, modelFile]) {
    if (path !== undefined) await requireWithin(root, path);
  }
}

/** @throws KtsError KTS_PREDICTOR_INVALID when a path's links lead out of a folder */
async function requireWithin(root: string, path: string): Promise<void> {
  const [realRoot, realPath] = await Promise.all([realpath(root), realpath(path)]);
  const way = relative(realRoot, realPath);
  if (way !== ".." && !way.startsWith("../") && !isAbsolute(way)) return;
  throw new KtsError("KTS_PREDICTOR_INVALID", `${path} is a symbolic link that leads out of ${root}`, {
    hint: "Put the files into the repository.",
  });
}
