import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { servePassThrough } from "../remote/chains.ts";
import { type TestServer, postJson, servePredictor } from "../serving.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";
const V1 = "/v1/models/m:predict";

/** Answers with the headers it got, after some work in each stage. */
const PREDICTOR = `
const work = () => { const until = performance.now() + 3; while (performance.now() < until); };
export const preProcess = ({ instances }) => { work(); return instances; };
export const predict = (_model, [what], { headers }) => {
  work();
  if (what === "fail") throw new Error("out of luck");
  return [headers];
};
export const postProcess = (answer) => { work(); return answer; };
`;

// As an application would that is instrumented already: the server joins what is registered.
const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
let server: TestServer;
beforeAll(async () => {
  trace.setGlobalTracerProvider(provider);
  server = await servePredictor(PREDICTOR);
});
beforeEach(() => exporter.reset());
afterAll(async () => {
  await server.stop();
  trace.disable();
});

function spans(): { call: ReadableSpan; stages: ReadableSpan[] } {
  const all = exporter.getFinishedSpans();
  const call = all.find(({ kind }) => kind === SpanKind.SERVER);
  if (call === undefined) throw new Error("no span of the call");
  return { call, stages: all.filter((span) => span !== call) };
}

function startOf(span: ReadableSpan): number {
  return span.startTime[0] * 1_000 + span.startTime[1] / 1e6;
}

describe("a traced request", () => {
  it.each<[string, Record<string, string>]>([
    ["W3C", { traceparent: `00-${TRACE}-${CALLER}-01` }],
    ["B3 in one header", { b3: `${TRACE}-${CALLER}-1` }],
    ["B3 in several", { "x-b3-traceid": TRACE, "x-b3-spanid": CALLER, "x-b3-sampled": "1" }],
  ])("joins the caller's trace, by %s", async (_form, headers) => {
    expect((await postJson(server, V1, { instances: [1] }, headers)).status).toBe(200);
    const { call } = spans();
    expect(call.spanContext().traceId).toBe(TRACE);
    expect(call.parentSpanContext).toMatchObject({ spanId: CALLER, isRemote: true });
  });

  it("has a span for itself, and one for each stage within it, in order", async () => {
    await postJson(server, V1, { instances: [1] }, { "x-request-id": "r-1" });
    const { call, stages } = spans();
    expect(call.name).toBe("POST /v1/models/{name}:predict");
    expect(call.attributes).toMatchObject({
      "http.request.method": "POST",
      "http.route": "/v1/models/{name}:predict",
      "http.response.status_code": 200,
      "kserve.model.name": "m",
      "kserve.protocol": "v1",
      "kserve.request_id": "r-1",
    });
    expect(call.status.code).toBe(SpanStatusCode.UNSET);
    expect(stages.map(({ name }) => name)).toEqual(["queue", "preProcess", "predict", "postProcess"]);
    for (const stage of stages) {
      expect(stage.parentSpanContext?.spanId).toBe(call.spanContext().spanId);
      expect(startOf(stage)).toBeGreaterThanOrEqual(startOf(call) - 1);
    }
    const starts = stages.map(startOf);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  });

  it("hands its own span on to the predictor, so that what that calls joins the trace", async () => {
    const headers = {
      traceparent: `00-${TRACE}-${CALLER}-01`,
      b3: `${TRACE}-${CALLER}-1`,
      tracestate: "a=1",
    };
    const { body } = await postJson(server, V1, { instances: [1] }, headers);
    const { spanId } = spans().call.spanContext();
    expect((body as { predictions: unknown[] }).predictions[0]).toMatchObject({
      traceparent: `00-${TRACE}-${spanId}-01`,
      b3: `${TRACE}-${spanId}-1`,
      tracestate: "a=1",
    });
  });

  it("goes on at the predictor behind a transformer, as the child of the transformer's span", async () => {
    await using front = await servePassThrough(server);
    await postJson(front, V1, { instances: [1] }, { traceparent: `00-${TRACE}-${CALLER}-01` });
    const calls = exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.SERVER);
    const first = calls.find(({ parentSpanContext }) => parentSpanContext?.spanId === CALLER);
    const second = calls.find((span) => span !== first);
    expect(calls.map((span) => span.spanContext().traceId)).toEqual([TRACE, TRACE]);
    expect(second?.parentSpanContext?.spanId).toBe(first?.spanContext().spanId);
  });

  it("starts a trace of its own where the caller has none", async () => {
    await postJson(server, V1, { instances: [1] });
    expect(spans().call.parentSpanContext).toBeUndefined();
  });

  it("is not recorded where the caller says no", async () => {
    await postJson(server, V1, { instances: [1] }, { traceparent: `00-${TRACE}-${CALLER}-00` });
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it("is marked where the server failed, not where the caller did, and the log names the trace", async () => {
    await postJson(server, V1, { instances: ["fail"] });
    const failed = spans().call;
    expect(failed.status).toMatchObject({
      code: SpanStatusCode.ERROR,
      message: expect.stringContaining("out of luck"),
    });
    expect(failed.attributes["http.response.status_code"]).toBe(500);
    expect(server.log.join("")).toContain(`"trace_id":"${failed.spanContext().traceId}"`);
    exporter.reset();
    await postJson(server, V1, "{");
    expect(spans().call.status.code).toBe(SpanStatusCode.UNSET);
    expect(spans().call.attributes["error.message"]).toContain("Unrecognized request format");
  });

  it("ends its span for a model that is not there, too", async () => {
    await postJson(server, "/v1/models/none:predict", { instances: [1] });
    expect(spans().call.attributes["http.response.status_code"]).toBe(404);
  });
});
