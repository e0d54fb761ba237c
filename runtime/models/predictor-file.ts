import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { ENGINE_FILES } from "../engines/engine.ts";
import { filesOf } from "./folder.ts";
import { NEAR_MODEL, notFound } from "./not-found.ts";

/** What a predictor's module may be called. */
export const PREDICTOR_FILES: readonly string[] = [
  "predictor.ts",
  "predictor.mts",
  "predictor.js",
  "predictor.mjs",
];

/** What people call the module of a transformer. */
const NEAR_TRANSFORMER = /^(predict(or|ors|er)?|transform(er)?|explain(er)?)\.[cm]?[jt]sx?$/i;

/** The predictor module of a folder. @throws KtsError KTS_PREDICTOR_INVALID where there are several */
export async function findPredictor(folder: string): Promise<string | undefined> {
  const names = await filesOf(folder);
  const found = PREDICTOR_FILES.filter((name) => names.includes(name));
  const [first, ...others] = found;
  if (others.length === 0) return first === undefined ? undefined : join(folder, first);
  throw new KtsError("KTS_PREDICTOR_INVALID", `${folder} has ${found.join(" and ")}, expected one of them`, {
    hint: "Remove one, or name the file to serve in place of the folder.",
  });
}

/** A predictor that loads for itself may do so with several model files; the word is enough to leave it to it. */
export async function mayLoad(predictorPath: string): Promise<boolean> {
  return /\bload\b/.test(await readFile(predictorPath, "utf8"));
}

/** A file that was named in place of a folder. @throws KtsError KTS_PREDICTOR_NOT_FOUND where it is no module */
export function checkedPredictorFile(file: string): string {
  if (/\.m?[jt]s$/.test(file)) return file;
  throw notFound(
    `${file} is neither a predictor (.ts, .mts, .js, .mjs) nor a model file (${ENGINE_FILES.join(", ")})`,
    NEAR_MODEL.test(file) ? "Export the model to ONNX." : undefined,
  );
}

/** Requests would pass by a module of another name, and nobody would be told. */
export async function refuseNearTransformer(folder: string): Promise<void> {
  const near = (await filesOf(folder)).find((name) => NEAR_TRANSFORMER.test(name));
  if (near === undefined) return;
  throw notFound(
    `${folder} has ${near}, but no predictor (${PREDICTOR_FILES.join(", ")})`,
    `Rename ${near}.`,
  );
}
