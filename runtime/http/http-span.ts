import type { CallAttributes, CallSpan, Tracing } from "../telemetry/tracing.ts";
import type { CarriedRequest } from "./carrier.ts";
import type { InferenceRoute } from "./route-match.ts";

/** Starts the span of an inference request over HTTP, named and described as OpenTelemetry's conventions have it. */
export function startHttpSpan(
  tracing: Tracing,
  req: CarriedRequest,
  route: InferenceRoute,
  startedAt: number,
): CallSpan {
  const path = routePath(route);
  const attributes = {
    "http.request.method": "POST",
    "http.route": path,
    "url.path": req.url as string,
    "url.scheme": "http",
    "network.protocol.version": req.httpVersion,
    "kserve.model.name": route.model,
    "kserve.protocol": route.protocol,
  };
  return tracing.startCall(`POST ${path}`, req.headers, attributes, startedAt);
}

/** What a span learns when its request is answered. */
export function httpResult(status: number, requestId: string | undefined): CallAttributes {
  const result = { "http.response.status_code": status };
  return requestId === undefined ? result : { ...result, "kserve.request_id": requestId };
}

function routePath({ protocol, verb, version, action }: InferenceRoute): string {
  if (protocol === "v1") return `/v1/models/{name}:${verb}`;
  const model = version === undefined ? "/v2/models/{name}" : "/v2/models/{name}/versions/{version}";
  return `${model}/${action ?? "infer"}`;
}
