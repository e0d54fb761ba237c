import type { IncomingMessage, ServerResponse } from "node:http";
import type { InferenceServices } from "./inference-services.ts";
import { wantsPage } from "./playground-routes.ts";
import { sendJson } from "./respond.ts";

/**
 * Answers the server's own liveness and readiness, and KServe's `/`; false when the request asks for something else.
 * Without Express, since a cluster probes while the server still starts.
 */
export function answerProbe(services: InferenceServices, req: IncomingMessage, res: ServerResponse): boolean {
  if (req.method !== "GET" && req.method !== "HEAD") return false;
  const url = req.url as string;
  const query = url.indexOf("?");
  switch (query === -1 ? url : url.slice(0, query)) {
    case "/":
      if (services.options.playground && wantsPage(req)) return false;
      sendJson(res, 200, '{"status":"alive"}');
      return true;
    case "/v2/health/live":
      sendJson(res, 200, '{"live":true}');
      return true;
    case "/v2/health/ready":
      void answerReady(services, res);
      return true;
    default:
      return false;
  }
}

async function answerReady({ lifecycle, plane }: InferenceServices, res: ServerResponse): Promise<void> {
  const ready = lifecycle.ready && (await plane.askReady());
  sendJson(res, ready ? 200 : 503, ready ? '{"ready":true}' : '{"ready":false}');
}
