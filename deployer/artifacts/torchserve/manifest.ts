import { KtsError } from "../../../contract/errors.ts";

/** Where an archive says what is in it. */
export const MANIFEST_PATH = "MAR-INF/MANIFEST.json";

/** The model of an archive's manifest. Files are names within the archive. */
export interface ManifestModel {
  readonly modelName: string;
  readonly serializedFile?: string;
  /** A built-in one's name, or a file, perhaps with `:function`. */
  readonly handler: string;
  readonly modelFile?: string;
  readonly modelVersion: string;
  readonly requirementsFile?: string;
  readonly configFile?: string;
}

/** The release of torch-model-archiver whose format this is. */
const ARCHIVER_VERSION = "0.12.0";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/**
 * The manifest's text. It has no time of its making (`createdOn`), which TorchServe does not read and which would make
 * every archive another one.
 */
export function manifestText(model: ManifestModel): string {
  const { modelName, serializedFile, handler, modelFile, modelVersion, requirementsFile, configFile } = model;
  return JSON.stringify(
    {
      runtime: "python",
      // undefined is left out; the order is the archiver's.
      model: { modelName, serializedFile, handler, modelFile, modelVersion, requirementsFile, configFile },
      archiverVersion: ARCHIVER_VERSION,
    },
    undefined,
    2,
  );
}

/**
 * Refuses a name that TorchServe would.
 * @throws KtsError KTS_CONFIG_INVALID
 */
export function checkModelName(name: string): void {
  if (NAME.test(name)) return;
  throw new KtsError(
    "KTS_CONFIG_INVALID",
    `expected letters, digits, _, . and - with a letter or digit first, got ${JSON.stringify(name)}`,
    { path: "modelName", hint: "TorchServe takes no other names." },
  );
}

/** The file of a handler in an archive: `handler.py` of `handler.py`, `handler` and `handler:predict`. */
export function handlerFile(handler: string): string {
  const [file = ""] = handler.split(":");
  return file.endsWith(".py") ? file : `${file}.py`;
}
