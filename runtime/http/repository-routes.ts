import type { Application, Request, Response } from "express";
import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { DataPlane } from "../data-plane.ts";
import { refuseOverrides } from "../models/load-overrides.ts";
import { type Handler, type Params, allowOnly, answer, get } from "./routing.ts";
import { readSmallObject } from "./small-body.ts";

/** The model repository and statistics extensions: KServe's routes and answers, with Triton's bodies. */
export function addRepositoryRoutes(app: Application, plane: DataPlane): void {
  const index = "/v2/repository/index";
  const load = "/v2/repository/models/:name/load";
  const unload = "/v2/repository/models/:name/unload";
  post(app, load, async (req, res) => {
    const { parameters } = await readSmallObject(req);
    if (typeof parameters === "object" && parameters !== null) refuseOverrides(Object.keys(parameters));
    await plane.load(req.params.name);
    answer(res, { name: req.params.name, load: true });
  });
  post(app, unload, async (req, res) => {
    await readSmallObject(req);
    await plane.unload(req.params.name);
    answer(res, { name: req.params.name, unload: true });
  });
  post(app, index, async (req, res) => {
    answer(res, await plane.repositoryIndex(readyOnly((await readSmallObject(req))["ready"])));
  });
  app.get(index, async (req: Request, res: Response) => {
    const { ready } = req.query;
    const flag = ready === "true" ? true : ready === "false" ? false : ready;
    answer(res, await plane.repositoryIndex(readyOnly(flag)));
  });
  app.all(index, allowOnly("GET, HEAD, POST"));
  app.all([load, unload], allowOnly("POST"));
  addStatisticsRoutes(app, plane);
}

function addStatisticsRoutes(app: Application, plane: DataPlane): void {
  get(app, "/v2/models/stats", (_req, res) => answer(res, { model_stats: plane.statistics() }));
  get(app, ["/v2/models/:name/stats", "/v2/models/:name/versions/:version/stats"], (req, res) =>
    answer(res, { model_stats: plane.statistics(req.params.name, req.params.version) }),
  );
}

function post(app: Application, path: string, handler: Handler): void {
  app.post(path, handler as (req: Request<Params>, res: Response) => void);
}

function readyOnly(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  throw new InvalidInput(`expected true or false, got ${describeValue(value)}`, { path: "ready" });
}
