import { readFile } from "node:fs/promises";
import type { TorchServeConfig } from "../../contract/deploy-config.ts";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { contentHash, hashFiles } from "../artifacts/content-hash.ts";
import { fileContent } from "../artifacts/content.ts";
import { readSource } from "../artifacts/model-source.ts";
import { packageModel } from "../artifacts/package-model.ts";
import type { TorchServeOptions } from "../artifacts/torchserve/options.ts";
import { MODEL_FORMATS, type ModelFormat, type PackagedModel } from "../artifacts/types.ts";
import type { DeploySettings } from "../config/settings.ts";
import { isUri } from "../config/storage-uri.ts";
import { type KserveVersion, versionText } from "../kserve-version.ts";

/** A model's files as they are to lie in the store. Of a custom predictor's there is no format, and nothing to verify. */
export type PackagedFiles = Omit<PackagedModel, "format"> & { readonly format?: ModelFormat };

/**
 * Step `package`: the files of a model that lies on this machine, verified against what the runtime takes, laid out and
 * hashed. Undefined where there is none: the model is in the image, or a URI that the cluster reads in place.
 * @param version the cluster's KServe
 * @throws KtsError as `packageModel`
 */
export async function packageDeployment(
  settings: DeploySettings,
  version: KserveVersion,
  signal?: AbortSignal,
): Promise<PackagedFiles | undefined> {
  const { predictor, model, name, torchServe } = settings;
  if (model?.uri === undefined || isUri(model.uri)) return undefined;
  if (predictor === "custom") return packageFiles(model.uri, signal);
  return packageModel({
    path: model.uri,
    modelName: name,
    format: formatOf(model.format?.name ?? predictor),
    kserveVersion: versionText(version),
    ownRuntime: model.runtime !== undefined || model.runtimeVersion !== undefined,
    ...(torchServe !== undefined && { torchServe: await torchServeOptions(torchServe) }),
    ...(signal !== undefined && { signal }),
  });
}

/** Settings as TorchServe's archive takes them. */
async function torchServeOptions(settings: TorchServeConfig): Promise<TorchServeOptions> {
  const {
    modelClass,
    handler = "base_handler",
    extraFiles,
    requirementsFile,
    modelVersion,
    configFile,
  } = settings;
  return {
    handler,
    ...(modelClass !== undefined && { modelFile: modelClass }),
    ...(extraFiles !== undefined && { extraFiles }),
    ...(requirementsFile !== undefined && { requirementsFile }),
    ...(modelVersion !== undefined && { version: modelVersion }),
    ...(configFile !== undefined && { configProperties: await textOf(configFile) }),
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const message = `deploy.torchServe.configFile: ${path} cannot be read: ${messageOf(error)}`;
    throw new KtsError("KTS_CONFIG_INVALID", message, { cause: error });
  }
}

function formatOf(name: string): ModelFormat {
  const format = MODEL_FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  throw new KtsError(
    "KTS_CONFIG_INVALID",
    `deploy.model.format.name: expected one of ${MODEL_FORMATS.join(", ")} for files of this machine, got "${name}"`,
    { hint: "Upload the model yourself and give its URI: a runtime of yours may take any format." },
  );
}

/** The files as they are. */
async function packageFiles(path: string, signal: AbortSignal | undefined): Promise<PackagedFiles> {
  const { files } = await readSource(path);
  const hashed = await hashFiles(
    files.map(({ path: inStore, file, sizeBytes }) => ({
      path: inStore,
      source: file,
      content: fileContent(file, sizeBytes),
    })),
    signal,
  );
  return {
    layout: "flat",
    files: hashed,
    frameworks: {},
    warnings: [],
    sizeBytes: hashed.reduce((sum, { content }) => sum + content.sizeBytes, 0),
    contentHash: contentHash(hashed),
  };
}
