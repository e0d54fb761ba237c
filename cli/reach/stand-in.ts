import { basename, resolve } from "node:path";
import { readConfig } from "../../runtime/config/read-config.ts";
import type { ServerOptions } from "../../runtime/options.ts";
import type { ServerExtras } from "../../runtime/running-server.ts";
import { startServer } from "../../runtime/server.ts";
import { projectFolderOf } from "../project-folder.ts";

/** What stands in for the remote predictor of a transformer while it is tested. */
export interface StandIn extends AsyncDisposable {
  /** Options of the transformer's server, by which it asks this one. */
  readonly options: Partial<ServerOptions>;
}

/**
 * Serves the predictor that the project's `test.predictor` names, under the project's name.
 * @param dir the project's folder, or a file in it
 * @param own options of the transformer's server; this one gets the same
 * @param given which of them somebody chose
 * @returns undefined where the project names none
 * @throws KtsError as `readConfig` and `startServer`
 */
export async function startStandIn(
  dir: string,
  own: ServerOptions,
  given: ReadonlySet<keyof ServerOptions>,
  extras: Pick<ServerExtras, "logSink">,
): Promise<StandIn | undefined> {
  const folder = await projectFolderOf(resolve(dir));
  const { server, test } = await readConfig(folder);
  if (test?.predictor === undefined) return undefined;
  const modelName = own.modelName ?? server?.modelName ?? basename(folder);
  const protocol = given.has("predictorProtocol") ? own.predictorProtocol : server?.predictorProtocol;
  const remote = await startServer(
    test.predictor,
    { ...own, modelName, predictorHost: undefined },
    { ...extras, given: new Set([...given, "modelName"]) },
  );
  const port = protocol === "grpc-v2" ? remote.grpcPort : remote.port;
  return {
    options: { modelName, predictorHost: `127.0.0.1:${port}`, predictorUseSsl: false },
    [Symbol.asyncDispose]: () => remote.stop(),
  };
}
