import type { IncomingMessage } from "node:http";
import type { Application, Request, Response } from "express";
import type { Playground } from "../playground/playground.ts";
import { get } from "./routing.ts";

/** All that the playground answers beside `/`. */
const PATHS = ["/docs", "/playground/state", "/playground/examples"];

/**
 * Whether a request is a browser's, which wants a page: that its Accept header names HTML. KServe's clients, which ask
 * for `/` too, name JSON or take anything.
 */
export function wantsPage({ headers }: IncomingMessage): boolean {
  return /(?:^|[\s,])text\/html\s*(?:[;,]|$)/i.test(headers.accept ?? "");
}

/** Adds the playground's routes. */
export function addPlaygroundRoutes(app: Application, playground: Playground): void {
  const respond = async (req: Request, res: Response): Promise<void> => {
    const query = new URLSearchParams(req.url.split("?")[1] ?? "");
    const { status, headers, body } = await playground.answer(req.path, query, req.headers);
    res.writeHead(status, [...headers]);
    res.end(body);
  };
  app.get("/", (req, res, next) => (wantsPage(req) ? respond(req, res) : next()));
  get(app, PATHS, (req, res) => respond(req as unknown as Request, res));
}
