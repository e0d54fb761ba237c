import request from "supertest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, servePredictor } from "../serving.ts";

const PREDICTOR = `
export const execution = "inline";
export const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 2] }];
export const outputs = [{ name: "sum", datatype: "FP32", shape: [-1] }];
export const predict = (_model, { x }) => ({ sum: Array.from({ length: x.shape[0] }, (_, i) => x.data[2 * i] + x.data[2 * i + 1]) });
`;

let server: TestServer;
beforeAll(async () => {
  server = await servePredictor(PREDICTOR, {
    extend: (app) => app.get("/hello", (_req, res) => void res.json({ hello: "world" })),
  });
});
afterAll(() => server.stop());

describe("the control surface", () => {
  it.each([
    ["/", { status: "alive" }],
    ["/v1/models", { models: ["m"] }],
    ["/v1/models/m", { name: "m", ready: true }],
    ["/v2/health/live", { live: true }],
    ["/v2/health/ready", { ready: true }],
    ["/v2/models", { models: ["m"] }],
    ["/v2/models/m/ready", { name: "m", ready: true }],
    [
      "/v2/models/m",
      {
        name: "m",
        versions: null,
        platform: "kserve-ts",
        inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
        outputs: [{ name: "sum", datatype: "FP32", shape: [-1] }],
      },
    ],
  ])("answers GET %s", async (path, body) => {
    const answer = await request(server.url).get(path).expect(200);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.headers).not.toHaveProperty("x-powered-by");
    expect(answer.headers).not.toHaveProperty("etag");
    expect(answer.body).toEqual(body);
  });

  it.each(["/v2", "/v2/"])("answers GET %s with its name, version and extensions", async (path) => {
    const { body } = await request(server.url).get(path).expect(200);
    expect(body).toEqual({
      name: "kserve-ts",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      extensions: ["model_repository_extension", "model_repository", "statistics", "binary_tensor_data"],
    });
  });

  it.each(["/", "/v1/models", "/v2/models/m", "/v2/health/ready", "/metrics", "/openapi.json"])(
    "answers HEAD %s as GET, without the body",
    async (path) => {
      const answer = await request(server.url).head(path).expect(200);
      expect(answer.text).toBeUndefined();
      expect(Number(answer.headers["content-length"])).toBeGreaterThan(0);
    },
  );

  it.each(["/v1/models/none", "/v2/models/none", "/v2/models/none/ready", "/v1/models/__proto__"])(
    "answers 404 for %s, whose model is unknown",
    async (path) => {
      const { body } = await request(server.url).get(path).expect(404);
      expect(body.error).toMatch(/^Model with name (none|__proto__) does not exist\.$/);
    },
  );

  it.each(["/v2/models/m/versions/1", "/v2/models/m/versions/1/ready"])(
    "answers 501 for %s, as the model has no versions",
    async (path) => {
      const { body } = await request(server.url).get(path).expect(501);
      expect(body).toEqual({ error: "Model versioning not supported yet." });
    },
  );

  it.each([
    ["post", "/v1/models", "GET, HEAD"],
    ["put", "/v2", "GET, HEAD"],
    ["delete", "/v2/models/m", "GET, HEAD"],
    ["post", "/v2/health/ready", "GET, HEAD"],
    ["post", "/", "GET, HEAD"],
    ["get", "/v2/models/m/infer", "POST"],
    ["get", "/v1/models/m:predict", "POST"],
    ["put", "/v1/models/m:explain", "POST"],
  ] as const)("answers 405 to %s %s and says what is allowed", async (method, path, allow) => {
    const answer = await request(server.url)[method](path).expect(405);
    expect(answer.headers["allow"]).toBe(allow);
    expect(answer.body).toEqual({ error: expect.any(String) });
  });

  it.each([
    ["/v1/models/m/predict", "/v1/models/m:predict"],
    ["/v2/models/m:predict", "/v2/models/m/infer"],
    ["/v2/models/m/predict", "/v2/models/m/infer"],
    ["/healthz", "/v2/health/ready"],
    ["/docs", "/openapi.json"],
  ])("answers 404 for %s and suggests %s", async (path, suggestion) => {
    const { body } = await request(server.url).post(path).send("{}").expect(404);
    expect(body.error).toContain(`Did you mean ${suggestion}?`);
  });

  it("answers 404 for a path like nothing we have", async () => {
    const { body } = await request(server.url).get("/some/thing").expect(404);
    expect(body).toEqual({ error: "There is nothing at GET /some/thing." });
  });

  it("answers 400 for a malformed escape in the path", async () => {
    const { body } = await request(server.url).get("/v2/models/%zz").expect(400);
    expect(body).toEqual({ error: expect.stringContaining("%zz") });
  });

  it("has the routes that the user adds", async () => {
    await request(server.url).get("/hello").expect(200, { hello: "world" });
  });
});

describe("/metrics", () => {
  it("counts answers and stages in Prometheus' text", async () => {
    await request(server.url)
      .post("/v1/models/m:predict")
      .send({ instances: [[1, 2]] })
      .expect(200);
    await request(server.url)
      .post("/v1/models/m:predict")
      .send({ instances: [[1]] })
      .expect(400);
    const { text, headers } = await request(server.url).get("/metrics").expect(200);
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text).toContain(
      'kserve_ts_requests_total{model_name="m",protocol="v1",verb="predict",status="200"} 1',
    );
    expect(text).toContain(
      'kserve_ts_requests_total{model_name="m",protocol="v1",verb="predict",status="400"} 1',
    );
    expect(text).toContain(
      "# HELP request_predict_seconds predict request latency\n# TYPE request_predict_seconds histogram",
    );
    expect(text).toContain('request_predict_seconds_bucket{model_name="m",le="+Inf"} 1');
    expect(text).toContain('request_predict_seconds_count{model_name="m"} 1');
    expect(text).toContain('kserve_ts_in_flight_requests{model_name="m"} 0');
    expect(text).toContain('kserve_ts_event_loop_delay_seconds{quantile="0.99"}');
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    for (const stage of ["preprocess", "explain", "postprocess"]) {
      expect(text).toContain(`# TYPE request_${stage}_seconds histogram`);
    }
  });
});

describe("/openapi.json", () => {
  it("describes the model's requests by its signature, with an example that works", async () => {
    const { body } = await request(server.url).get("/openapi.json").expect(200);
    expect(body.openapi).toBe("3.1.0");
    expect(body.components.schemas["m.V1Request"].properties.instances.items).toEqual({
      type: "array",
      items: { type: "number" },
      minItems: 2,
      maxItems: 2,
    });
    for (const path of ["/v1/models/m:predict", "/v2/models/m/infer"]) {
      const { example } = body.paths[path].post.requestBody.content["application/json"];
      await request(server.url).post(path).send(example).expect(200);
    }
    expect(body.paths).not.toHaveProperty("/v1/models/m:explain");
    const streamed = body.paths["/v2/models/m/infer_stream"].post.responses[200].content;
    const { data } = streamed["text/event-stream"].schema.properties;
    expect(data.contentSchema.$ref).toBe("#/components/schemas/m.V2Response");
    expect(body.paths).not.toHaveProperty("/v2/models/m/generate");
  });

  it("says what may be null and what may not be empty", async () => {
    const { body } = await request(server.url).get("/openapi.json").expect(200);
    const { instances } = body.components.schemas["m.V1Request"].properties;
    expect(instances.minItems).toBe(1);
    const { id, parameters, inputs, outputs } = body.components.schemas["m.V2Request"].properties;
    expect([id.type, parameters.type, outputs.type]).toEqual([
      ["string", "null"],
      ["object", "null"],
      ["array", "null"],
    ]);
    expect([inputs.minItems, outputs.items.properties.name.minLength]).toEqual([1, 1]);
  });

  it("has both methods of the repository's index", async () => {
    const { body } = await request(server.url).get("/openapi.json").expect(200);
    const index = body.paths["/v2/repository/index"];
    expect(Object.keys(index).sort()).toEqual(["get", "post"]);
    expect(index.get.parameters).toEqual([{ name: "ready", in: "query", schema: { type: "boolean" } }]);
    for (const ready of ["true", "false"]) {
      await request(server.url).get(`/v2/repository/index?ready=${ready}`).expect(200);
    }
    const wrong = await request(server.url).get("/v2/repository/index?ready=yes").expect(400);
    expect(wrong.body).toEqual({ error: 'ready: expected true or false, got the string "yes"' });
  });
});
