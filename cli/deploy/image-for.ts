import { resolve } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import type { BuildWords } from "./build-folder.ts";
import type { PinnedImage } from "./pin-image.ts";
import type { ReadDeployment } from "./read-deployment.ts";

/** Where an image may come from beside the settings. */
export interface ImageForCall {
  readonly dir: string;
  readonly options: BuildWords;
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Checks that there is something to build. @throws KtsError KTS_USAGE */
export function checkBuildFlag(read: ReadDeployment, build: boolean): void {
  if (!build || needsImage(read)) return;
  const { predictor } = read.deployment.settings;
  throw new KtsError(
    "KTS_USAGE",
    `--build makes the image of a custom predictor, and ${read.hasService ? `${predictor} has its own` : "there is none"}`,
  );
}

/** The image of a deployment; undefined for a standard runtime, which has its own. @throws as `findImage` */
export async function imageFor(
  read: ReadDeployment,
  { dir, options, ...rest }: ImageForCall,
): Promise<PinnedImage | undefined> {
  if (!needsImage(read)) return undefined;
  const { deployment, folder } = read;
  const { image, predictFunction, name } = deployment.settings;
  const { findImage } = await import("./find-image.ts");
  const project = dir === "." ? folder : resolve(dir);
  const built = modulePath(predictFunction) ?? project;
  return findImage({ dir: built, shownDir: dir, name, image, words: options, ...rest });
}

function needsImage({ deployment, hasService }: ReadDeployment): boolean {
  return hasService && deployment.settings.predictor === "custom";
}

/** The module of `./predictor.ts#predict`. */
function modulePath(predictFunction: string | undefined): string | undefined {
  if (predictFunction === undefined) return undefined;
  const [path, name = "predict"] = predictFunction.split("#");
  if (name === "predict") return path;
  throw new KtsError(
    "KTS_CONFIG_INVALID",
    `deploy.predictFunction: expected a module that exports predict, got the function "${name}"`,
    { hint: `Export it under that name: export { ${name} as predict }.` },
  );
}
