import type { Application, Request, Response } from "express";
import { KtsError } from "../../contract/errors.ts";
import { toErrorAnswer } from "./errors.ts";
import { sendError, sendJson } from "./respond.ts";

/** What a path may name. */
export type Params = { name: string; version?: string };

/** Answers a request; what it throws goes to the error handler. */
export type Handler = (req: Request<Params>, res: Response) => void | Promise<void>;

/** Answers GET (and so HEAD) on each path, and any other method with 405. */
export function get(app: Application, paths: string | readonly string[], handler: Handler): void {
  const all = [paths].flat() as string[];
  app.get(all, handler as (req: Request, res: Response) => void);
  app.all(all, allowOnly("GET, HEAD"));
}

/** Answers 405 and says what is allowed. */
export function allowOnly(methods: string) {
  return (req: Request, res: Response): void => {
    const error = new KtsError(
      "KTS_METHOD_NOT_ALLOWED",
      `${req.method} is not allowed here, but ${methods}.`,
    );
    sendError(res, toErrorAnswer(error), ["Allow", methods]);
  };
}

/** Answers with a value as JSON. */
export function answer(res: Response, value: unknown, status = 200): void {
  sendJson(res, status, JSON.stringify(value));
}
