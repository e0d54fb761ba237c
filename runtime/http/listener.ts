import type { Application } from "express";
import { Exchange } from "./exchange.ts";
import { logFailure, toErrorAnswer } from "./errors.ts";
import { EventStream, isStreamed } from "./event-stream.ts";
import type { ServerAnswer, ServerRequest } from "./http-server.ts";
import type { InferenceServices } from "./inference-services.ts";
import { answerProbe } from "./probes.ts";
import { sendError } from "./respond.ts";
import { matchInference } from "./route-match.ts";

/** The Express application, made when it is first wanted. */
export type LazyApp = () => Promise<Application>;

/**
 * What happens to a request: inference and probes are answered here, ahead of Express, which would double the cost
 * of a small request; everything else is Express's.
 */
export function createListener(services: InferenceServices, app: LazyApp) {
  return (req: ServerRequest, res: ServerAnswer): void => {
    if (!(req.url as string).startsWith("/")) req.url = originForm(req.url as string);
    if (req.method === "POST") {
      const route = matchInference(req.url as string);
      if (route !== undefined) {
        const events = isStreamed(route, req.headers.accept) ? new EventStream(res) : undefined;
        return new Exchange(services, req, res, route, events).start();
      }
    }
    if (services.lifecycle.closing) res.setHeader("Connection", "close");
    if (answerProbe(services, req, res)) return;
    app().then(
      (express) => express(req, res),
      (error: unknown) => {
        const answer = toErrorAnswer(error);
        logFailure(services.log, error, answer, { url: req.url });
        sendError(res, answer);
      },
    );
  };
}

/** A proxy may ask for `http://host/path`, which means `/path`. */
function originForm(target: string): string {
  const path = /^https?:\/\/[^/?]*(\/.*)?$/i.exec(target);
  return path === null ? target : (path[1] ?? "/");
}
