import { basename } from "node:path";
import type { KserveConfig } from "../contract/config.ts";
import type { ProjectWatch } from "./dev/project-watch.ts";
import type { WatchEvent } from "./dev/watch-event.ts";
import { refuseTelemetry } from "./engines/no-telemetry.ts";
import { keepFreedMemory } from "./keep-memory.ts";
import { readConfig } from "./config/read-config.ts";
import { overrideModels, underlayFile } from "./config/settings.ts";
import { type Served, findModels } from "./models/find-models.ts";
import type { PlanContext } from "./models/model-plan.ts";
import { type ModelStore, RepositoryFolder, SingleModel } from "./models/model-store.ts";
import type { ServerOptions } from "./options.ts";
import { RecentRequests } from "./playground/recent-requests.ts";
import { remoteSettings } from "./remote/settings.ts";
import { createLog } from "./telemetry/logger.ts";
import { startObservers } from "./telemetry/observers.ts";
import { ModelServer } from "./model-server.ts";
import type { RunningServer, ServerExtras } from "./running-server.ts";

/**
 * Serves the model of a folder, or the models of a repository (docs/07-models.md says which is which). It listens from
 * the start, so that liveness answers while models load, and resolves when they are loaded and warm. A `kserve.config.*`
 * in the folder is read.
 *
 * Of several models one that does not load is logged, listed with its reason, and keeps the server from being ready.
 *
 * @throws KtsError when there is no model, none of them loads, or the port cannot be had
 */
export async function startServer(
  folder: string,
  options: ServerOptions,
  extras: ServerExtras = {},
): Promise<RunningServer> {
  const config = overrideModels(await readConfig(folder), extras.model);
  const layered = underlayFile(options, config.server, extras.given);
  const { modelName, modelDir } = layered.options;
  const remote = remoteSettings(layered.options);
  const served = await findModels(folder, {
    ...(modelName !== undefined && { modelName }),
    ...(modelDir !== undefined && { modelDir }),
    ...(remote !== undefined && { remote }),
  });
  keepFreedMemory();
  refuseTelemetry();
  const recent = layered.options.playground ? new RecentRequests() : undefined;
  const log = createLog(layered.options, recent?.tee(extras.logSink) ?? extras.logSink);
  const started = await startObservers(serviceName(served), folder, layered.options, log);
  const observers = { ...started, recent };
  const { extend, fastLane = true } = extras;
  const context = { options: layered, config, log };
  const store = storeOf(served, context);
  const watch = extras.watch && (await watchProject(folder, served, store, context, extras.watch));
  const server = new ModelServer({ served, store, layered, log, observers, extend, fastLane, watch });
  await server.start();
  return server;
}

/** Who we are to those that are told of requests: the model, or the repository's folder. */
function serviceName(served: Served): string {
  return served.kind === "model" ? served.name : basename(served.root);
}

/** Loaded only where it is wanted: nothing of it belongs into a server that nobody works on. */
async function watchProject(
  folder: string,
  served: Served,
  store: ModelStore,
  context: { config: KserveConfig },
  seen: (event: WatchEvent) => void,
): Promise<ProjectWatch> {
  const { startWatch } = await import("./dev/start-watch.ts");
  return startWatch(folder, served, { store, context, seen });
}

function storeOf(served: Served, context: PlanContext): ModelStore {
  const { modelName } = context.options.options;
  if (served.kind === "repository") {
    if (modelName !== undefined) {
      context.log.warn("--model_name is ignored: models of a repository are called as their folders are", {
        repository: served.root,
      });
    }
    return new RepositoryFolder(served.root, context);
  }
  const { name, path, discover } = served;
  return new SingleModel(name, { path, discover: { ...discover, modelName: name } }, context);
}
