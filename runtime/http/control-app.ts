import type { Application, ErrorRequestHandler, NextFunction, Request, Response } from "express";
import { KtsError } from "../../contract/errors.ts";
import { SERVER_EXTENSIONS } from "../data-plane.ts";
import type { Playground } from "../playground/playground.ts";
import type { MetricsPage } from "../telemetry/exposition.ts";
import { logFailure, toErrorAnswer } from "./errors.ts";
import { ServerAnswer, ServerRequest } from "./http-server.ts";
import type { InferenceServices } from "./inference-services.ts";
import { openApiDocument } from "./openapi.ts";
import { addPlaygroundRoutes } from "./playground-routes.ts";
import { addRepositoryRoutes } from "./repository-routes.ts";
import { sendError } from "./respond.ts";
import { type Handler, allowOnly, answer, get } from "./routing.ts";
import { suggestPath } from "./suggest-path.ts";

/** What the control surface shows. */
export interface ControlServices extends InferenceServices {
  readonly metricsPage: MetricsPage;
  /** The package's version. */
  readonly productVersion: string;
  /** Undefined where it is off. */
  readonly playground?: Playground | undefined;
}

/** Adds routes and middleware to the server; they come ahead of ours, but never see inference requests. */
export type ExtendApp = (app: Application) => void;

/** Creates the Express application: metadata, metrics, documentation, and the answer to what is not there. */
export async function createControlApp(services: ControlServices, extend?: ExtendApp): Promise<Application> {
  const { default: express } = await import("express");
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  adoptPrototypes(app);
  extend?.(app);
  if (services.playground !== undefined) addPlaygroundRoutes(app, services.playground);
  app.post("/*path", answerNearMiss);
  refuseOtherMethods(app);
  addV1Routes(app, services);
  addRepositoryRoutes(app, services.plane);
  addV2Routes(app, services);
  addDocumentRoutes(app, services);
  app.use(answerUnknownPath);
  app.use(errorHandler(services));
  return app;
}

/**
 * Puts Express's prototypes under those of our request and answer classes, and hands ours to Express: what it sets on
 * each request is then what the request has already.
 */
function adoptPrototypes(app: Application): void {
  const adopt = (ours: object, key: "request" | "response") => {
    const theirs = Object.getPrototypeOf((app as unknown as Record<string, object>)[key]) as object;
    if (!Object.prototype.isPrototypeOf.call(theirs, ours)) Object.setPrototypeOf(ours, theirs);
    Object.defineProperty(ours, "app", { configurable: true, writable: true, value: app });
    Object.defineProperty(app, key, { configurable: true, writable: true, value: ours });
  };
  adopt(ServerRequest.prototype, "request");
  adopt(ServerAnswer.prototype, "response");
}

function addV1Routes(app: Application, { plane }: ControlServices): void {
  get(app, "/v1/models", (_req, res) => answer(res, { models: plane.names }));
  get(app, "/v1/models/:name", readiness(plane));
}

function addV2Routes(app: Application, { plane, productVersion }: ControlServices): void {
  get(app, "/v2", (_req, res) =>
    answer(res, { name: "kserve-ts", version: productVersion, extensions: SERVER_EXTENSIONS }),
  );
  get(app, "/v2/models", (_req, res) => answer(res, { models: plane.names }));
  get(app, ["/v2/models/:name", "/v2/models/:name/versions/:version"], (req, res) =>
    answer(res, plane.metadata(plane.find(req.params.name, req.params.version))),
  );
  get(app, ["/v2/models/:name/ready", "/v2/models/:name/versions/:version/ready"], readiness(plane));
}

function readiness(plane: ControlServices["plane"]): Handler {
  return async (req, res) => {
    const { name } = await plane.findReady(req.params.name, req.params.version);
    answer(res, { name, ready: true });
  };
}

function addDocumentRoutes(app: Application, services: ControlServices): void {
  get(app, "/metrics", async (_req, res) => {
    const { contentType, text } = await services.metricsPage.read();
    res.writeHead(200, ["Content-Type", contentType, "Content-Length", String(Buffer.byteLength(text))]);
    res.end(text);
  });
  get(app, "/openapi.json", (_req, res) =>
    answer(res, openApiDocument(services.plane, services.productVersion)),
  );
}

/** The paths that are answered ahead of Express, which reach it only with a method they do not have. */
function refuseOtherMethods(app: Application): void {
  app.all(["/", "/v2/health/live", "/v2/health/ready"], allowOnly("GET, HEAD"));
  app.all(/^\/v1\/models\/[^/]+:(?:predict|explain)$/, allowOnly("POST"));
  const model = "/v2/models/:name{/versions/:version}";
  const ends = ["infer", "infer_stream", "generate", "generate_stream"];
  app.all(
    ends.map((end) => `${model}/${end}`),
    allowOnly("POST"),
  );
}

/** A prediction asked for at a path that is almost right is told so, also where that path has other methods. */
function answerNearMiss(req: Request, res: Response, next: NextFunction): void {
  if (suggestPath(req.path) === undefined) next();
  else answerUnknownPath(req, res);
}

function answerUnknownPath(req: Request, res: Response): void {
  const suggestion = suggestPath(req.path);
  const hint = suggestion === undefined ? "" : ` Did you mean ${suggestion}?`;
  const error = new KtsError("KTS_NOT_FOUND", `There is nothing at ${req.method} ${req.path}.${hint}`);
  sendError(res, toErrorAnswer(error));
}

function errorHandler({ log }: ControlServices): ErrorRequestHandler {
  return (error: unknown, req: Request, res: Response, next: NextFunction) => {
    const failure = toErrorAnswer(error);
    logFailure(log, error, failure, { url: req.url });
    // Express's own handler closes the connection of an answer that is half out.
    if (res.headersSent) next(error);
    else sendError(res, failure);
  };
}
