/** Entry point `kserve-ts/runtime`: the server as a library. A new export here is public API. */
import { type ServerOptions, defaultServerOptions } from "./options.ts";
import type { RunningServer, ServerExtras } from "./running-server.ts";
import { startServer } from "./server.ts";

export { startServer } from "./server.ts";
export { defaultServerOptions } from "./options.ts";
export type { ExtendApp } from "./http/control-app.ts";
export type { ServerState } from "./lifecycle.ts";
export type { ModelSource } from "./models/source.ts";
export type { ServerOptions } from "./options.ts";
export type { ModelInfo } from "./pipeline/executor.ts";
export type { RunningModel, RunningServer, ServerExtras } from "./running-server.ts";

/** What `createServer` takes. */
export interface CreateServerOptions extends ServerExtras {
  /** The folder with a predictor module and/or a model file, or with a folder for each of several models. Default: the working directory. */
  readonly folder?: string;
  /** The options that differ from their defaults (`kserve-ts serve --help` lists them). They outrank a config file. */
  readonly options?: Partial<ServerOptions>;
}

/**
 * Serves the model of a folder, or the models of a repository, with defaults for what is left out.
 *
 * @throws KtsError when there is no model, it does not load, or the port cannot be had
 * @example
 * await using server = await createServer({
 *   folder: "examples/digits",
 *   options: { httpPort: 0 },
 *   extend: (app) => app.get("/hello", (_req, res) => res.json({ hello: "world" })),
 * });
 * console.log(server.url);
 */
export async function createServer({
  folder = ".",
  options = {},
  ...extras
}: CreateServerOptions = {}): Promise<RunningServer> {
  const given = new Set(Object.keys(options) as (keyof ServerOptions)[]);
  return startServer(folder, { ...defaultServerOptions(), ...options }, { given, ...extras });
}
