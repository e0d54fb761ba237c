import { messageOf } from "../../../contract/errors.ts";
import { fileProblem } from "../problems.ts";
import type { ManifestModel } from "./manifest.ts";

/** TorchServe's workers and batches of a model. */
export interface WorkerSettings {
  /** Workers that are started at once. Default 1. */
  readonly minWorkers?: number;
  /** The most that TorchServe may start. Default 5. */
  readonly maxWorkers?: number;
  /** Requests that are handed to the handler together. Default 1: none wait for others. */
  readonly batchSize?: number;
  /** How long a request waits for others to share its batch with. Default 10. */
  readonly maxBatchDelayMs?: number;
  /** After how long a worker that does not answer is started anew. Default 120. */
  readonly responseTimeoutSeconds?: number;
}

/** An archive as TorchServe's start-up list names it. */
export interface ServedArchive {
  /** Its file in model-store/. */
  readonly name: string;
  readonly model: Pick<ManifestModel, "modelName" | "modelVersion">;
}

/**
 * What KServe's wrapper and its runtime expect: TorchServe's own ports, since the wrapper has 8080, metrics where the
 * annotation `prometheus.kserve.io/port` says, and the model store where the initializer puts it. `enable_envvars_config`
 * lets KServe choose the protocol, by TS_SERVICE_ENVELOPE.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  inference_address: "http://0.0.0.0:8085",
  management_address: "http://0.0.0.0:8085",
  metrics_address: "http://0.0.0.0:8082",
  grpc_inference_port: "7070",
  grpc_management_port: "7071",
  enable_metrics_api: "true",
  metrics_format: "prometheus",
  number_of_netty_threads: "4",
  job_queue_size: "10",
  enable_envvars_config: "true",
  install_py_dep_per_model: "true",
  model_store: "/mnt/models/model-store",
};

const SNAPSHOT = "model_snapshot";

/**
 * The text of config/config.properties.
 * @param own a text of the user's; what it sets stays
 */
export function configProperties(
  archives: readonly ServedArchive[],
  settings: WorkerSettings = {},
  own = "",
): string {
  const set = parseProperties(own);
  const added = Object.entries({ ...SETTINGS, [SNAPSHOT]: JSON.stringify(snapshot(archives, settings)) })
    .filter(([key]) => !set.has(key))
    .map(([key, value]) => `${key}=${value}\n`);
  const kept = own === "" || own.endsWith("\n") ? own : `${own}\n`;
  return kept + added.join("");
}

function snapshot(archives: readonly ServedArchive[], settings: WorkerSettings): object {
  const models: Record<string, Record<string, object>> = {};
  for (const { name, model } of archives) {
    const versions = (models[model.modelName] ??= {});
    versions[model.modelVersion] = {
      defaultVersion: Object.keys(versions).length === 0,
      marName: name,
      minWorkers: settings.minWorkers ?? 1,
      maxWorkers: settings.maxWorkers ?? Math.max(5, settings.minWorkers ?? 1),
      batchSize: settings.batchSize ?? 1,
      maxBatchDelay: settings.maxBatchDelayMs ?? 10,
      responseTimeout: settings.responseTimeoutSeconds ?? 120,
    };
  }
  return { name: "startup.cfg", modelCount: archives.length, models };
}

/**
 * Verifies that a config.properties starts the archives that are there.
 * @param path for errors
 * @throws KtsError KTS_MODEL_FILE_INVALID
 */
export function checkConfigProperties(path: string, text: string, archives: readonly ServedArchive[]): void {
  const value = parseProperties(text).get(SNAPSHOT);
  const names = archives.map(({ name }) => name);
  if (value === undefined) {
    throw fileProblem(path, {
      expected: `${SNAPSHOT}, from which KServe takes the models' names`,
      got: "no such line",
      hint: "Leave the file out to have it written, or add the line.",
    });
  }
  for (const [model, version, settings] of snapshotVersions(path, value)) {
    const marName = settings.marName;
    const archive = archives.find(({ name }) => name === marName);
    if (archive === undefined) {
      throw fileProblem(path, {
        expected: `a marName of model-store/: ${names.join(", ")}`,
        got: `${JSON.stringify(marName)} for ${model}`,
        hint: "Correct the name, or put the archive there.",
      });
    }
    if (archive.model.modelVersion === version) continue;
    throw fileProblem(path, {
      expected: `the version ${archive.model.modelVersion} of ${archive.name}`,
      got: version,
      hint: `TorchServe registers the archive's version. Write it into ${SNAPSHOT}, or pack the archive anew.`,
    });
  }
}

function snapshotVersions(path: string, value: string): [string, string, { marName?: unknown }][] {
  try {
    const { models } = JSON.parse(value) as { models: Record<string, Record<string, { marName?: unknown }>> };
    return Object.entries(models).flatMap(([model, versions]) =>
      Object.entries(versions).map(([version, settings]): [string, string, { marName?: unknown }] => [
        model,
        version,
        settings,
      ]),
    );
  } catch (error) {
    throw fileProblem(path, {
      expected: `${SNAPSHOT} in JSON, with models`,
      got: messageOf(error),
      hint: "Leave the line out to have it written.",
      cause: error,
    });
  }
}

/** The settings of a file of Java's properties; continued lines and escapes do not occur in TorchServe's. */
function parseProperties(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!=:\s][^=:\s]*)\s*[=:]\s*(.*)$/.exec(line);
    if (match !== null) found.set(match[1] ?? "", match[2] ?? "");
  }
  return found;
}
