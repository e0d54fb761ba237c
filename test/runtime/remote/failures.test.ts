import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { ECHO, postJson, servePredictor } from "../serving.ts";
import { servePassThrough, serveTransformer } from "./chains.ts";

const ONE = { instances: [1] };
const PREDICT = "/v1/models/m:predict";
const TENSORS = { inputs: [{ name: "x", datatype: "INT32", shape: [1], data: [1] }] };
const INFER = "/v2/models/m/infer";

/** A port where nobody listens. */
async function closedPort(): Promise<{ readonly port: number; readonly grpcPort: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { port, grpcPort: port };
}

describe.each(["v1", "v2", "grpc-v2"] as const)("a failure of the predictor by %s", (predictorProtocol) => {
  it.each([
    [
      "a bad input",
      `import { InvalidInput } from "kserve-ts"; throw new InvalidInput("too short", { path: "instances[0]" });`,
      400,
      "instances[0]: too short",
    ],
    [
      "a status of its own",
      `import { HttpError } from "kserve-ts"; throw new HttpError(409, "the quota is used up");`,
      409,
      "the quota is used up",
    ],
    ["a crash", `throw new RangeError("out of range");`, 500, "RangeError : out of range"],
  ])("passes on the status and words of %s", async (_what, text, status, error) => {
    const [, imports = "", thrown = ""] = /^(import .*?;)?(.*)$/.exec(text) ?? [];
    await using predictor = await servePredictor(
      `${imports} export const execution = "inline"; export const predict = () => { ${thrown} };`,
    );
    await using server = await serveTransformer(
      `import { tensor } from "kserve-ts";
       export const execution = "inline";
       export const preProcess = () => ({ x: tensor("INT32", [1], [1]) });`,
      predictor,
      { predictorProtocol },
    );
    const answer = await postJson(server, PREDICT, ONE);
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body: { error } });
  });
});

describe("a failure of the predictor over gRPC", () => {
  const OVER_GRPC = { predictorProtocol: "grpc-v2" } as const;

  it("keeps its status and pushback, as Retry-After, on the way out of a worker", async () => {
    await using predictor = await servePredictor(REFUSES(1, 7));
    const source = `
      import { tensor } from "kserve-ts";
      export const preProcess = () => ({ x: tensor("INT32", [1], [1]) });
    `;
    await using server = await serveTransformer(source, predictor, OVER_GRPC);
    const { status, body, headers } = await postJson(server, PREDICT, ONE);
    expect({ status, body, retryAfter: headers.get("retry-after") }).toEqual({
      status: 503,
      body: { error: "call 1" },
      retryAfter: "7",
    });
  });

  it("is 503 while nothing listens, and nobody hears the predictor's address", async () => {
    const predictor = await closedPort();
    await using server = await servePassThrough(predictor, OVER_GRPC);
    const { status, body, headers } = await postJson(server, INFER, TENSORS);
    expect({ status, body, retryAfter: headers.get("retry-after") }).toEqual({
      status: 503,
      body: { error: "Cannot reach the predictor: nothing accepts connections there." },
      retryAfter: "1",
    });
    expect(server.log.join("")).toContain(`grpc://127.0.0.1:${predictor.port}`);
  });

  it("is 502, and not asked again, where the connection breaks", async () => {
    let calls = 0;
    const breaking = createHttp2Server().listen(0, "127.0.0.1");
    breaking.on("stream", (stream) => {
      calls++;
      stream.session?.socket.destroy();
    });
    await once(breaking, "listening");
    try {
      const { port } = breaking.address() as AddressInfo;
      const options = { ...OVER_GRPC, predictorRequestRetries: 3 };
      await using server = await servePassThrough({ port, grpcPort: port }, options);
      const { status, body } = await postJson(server, INFER, TENSORS);
      expect({ status, body }).toEqual({
        status: 502,
        body: { error: "The connection to the predictor broke before the answer was complete." },
      });
      expect(calls).toBe(1);
    } finally {
      breaking.close();
    }
  });

  it("is 503 where another protocol answers", async () => {
    await using predictor = await servePredictor(ECHO);
    const wrongPort = { port: predictor.port, grpcPort: predictor.port };
    await using server = await servePassThrough(wrongPort, OVER_GRPC);
    const { status, body } = await postJson(server, INFER, TENSORS);
    expect(status).toBe(503);
    expect((body as { error: string }).error).toMatch(/^What answers at the predictor is not HTTP\/2: /);
  });

  it("is tried again after UNAVAILABLE, and where no connection came about", async () => {
    await using predictor = await servePredictor(REFUSES(2));
    const options = { ...OVER_GRPC, predictorRequestRetries: 2 };
    await using server = await servePassThrough(predictor, options);
    expect(await postJson(server, INFER, TENSORS)).toMatchObject({
      status: 200,
      body: { outputs: [{ data: [3] }] },
    });

    const place = await closedPort();
    await using patient = await servePassThrough(place, { ...OVER_GRPC, predictorRequestRetries: 20 });
    const call = postJson(patient, INFER, TENSORS);
    await using late = await servePredictor(ECHO, { options: { grpcPort: place.port } });
    expect(late.grpcPort).toBe(place.port);
    expect((await call).status).toBe(200);
  });

  it("ends the call at the predictor when the caller leaves", async () => {
    await using predictor = await servePredictor(WAITS);
    const came = arrival();
    await using server = await servePassThrough(predictor, OVER_GRPC);
    const leaving = new AbortController();
    const call = fetch(server.url + INFER, {
      method: "POST",
      body: JSON.stringify(TENSORS),
      signal: leaving.signal,
    });
    await came;
    const left = arrival();
    leaving.abort();
    await expect(call).rejects.toThrow("aborted");
    await left;
  });
});

describe("a failure of the predictor", () => {
  it("keeps its status and Retry-After on the way out of a worker", async () => {
    await using predictor = await servePredictor(`
      import { HttpError } from "kserve-ts";
      export const execution = "inline";
      export const predict = () => { throw new HttpError(429, "one at a time", { retryAfterSeconds: 7 }); };
    `);
    await using server = await serveTransformer(`export const preProcess = (r) => r.instances;`, predictor);
    const { status, body, headers } = await postJson(server, PREDICT, ONE);
    expect({ status, body, retryAfter: headers.get("retry-after") }).toEqual({
      status: 429,
      body: { error: "one at a time" },
      retryAfter: "7",
    });
  });

  it("is a 404 in KServe's words where the predictor has another model", async () => {
    await using predictor = await servePredictor(ECHO);
    await using server = await servePassThrough(predictor, { modelName: "other" });
    const { status, body } = await postJson(server, "/v1/models/other:predict", ONE);
    expect({ status, body }).toEqual({
      status: 404,
      body: { error: "Model with name other does not exist." },
    });
  });

  it("can be caught by the module's own predict", async () => {
    await using predictor = await servePredictor(`
      import { HttpError } from "kserve-ts";
      export const execution = "inline";
      export const predict = () => { throw new HttpError(402, "the quota is used up"); };
    `);
    const source = `
      export const execution = "inline";
      export const predict = (model, instances) =>
        model.predict(instances).catch((error) => [error.name, error.status, error.message]);
    `;
    await using server = await serveTransformer(source, predictor);
    const { body } = await postJson(server, PREDICT, ONE);
    expect(body).toEqual({ predictions: ["HttpError", 402, "the quota is used up"] });
  });

  it("is 503 with Retry-After while nothing listens, and nobody hears the predictor's address", async () => {
    const predictor = await closedPort();
    await using server = await servePassThrough(predictor);
    const { status, body, headers } = await postJson(server, PREDICT, ONE);
    expect({ status, body, retryAfter: headers.get("retry-after") }).toEqual({
      status: 503,
      body: { error: "Cannot reach the predictor: nothing accepts connections there." },
      retryAfter: "1",
    });
    expect(server.log.join("")).toContain(`http://127.0.0.1:${predictor.port}`);
  });

  it("is 502 where the connection breaks, as the request may have been worked on", async () => {
    const breaking = createServer((req) => req.socket.destroy()).listen(0, "127.0.0.1");
    await once(breaking, "listening");
    try {
      await using server = await servePassThrough(breaking.address() as AddressInfo, {
        predictorRequestRetries: 3,
      });
      const { status, body, headers } = await postJson(server, PREDICT, ONE);
      expect({ status, body, retryAfter: headers.get("retry-after") }).toEqual({
        status: 502,
        body: { error: "The connection to the predictor broke before the answer was complete." },
        retryAfter: null,
      });
    } finally {
      breaking.close();
    }
  });

  it("is 502 where what answers is no predictor", async () => {
    await using web = await servePredictor(ECHO, {
      extend: (app) => {
        app.post("/page/v1/models/m\\:predict", (_req, res) => res.type("html").send("<h1>Welcome</h1>"));
        app.post("/away/v1/models/m\\:predict", (_req, res) => res.redirect("/login"));
      },
    });
    for (const [prefix, error] of [
      ["page", /^The predictor's answer is no V1 answer: /],
      ["away", /^The predictor answered 302 and points to \/login; use that address\.$/],
    ] as const) {
      await using server = await servePassThrough(web, { predictorHost: `127.0.0.1:${web.port}/${prefix}` });
      const { status, body } = await postJson(server, PREDICT, ONE);
      expect(status).toBe(502);
      expect((body as { error: string }).error).toMatch(error);
    }
  });
});

/** Never answers; tells by its metrics how many signals were aborted. */
const NEVER = `
export const execution = "inline";
const aborted = [];
let wake;
export async function predict(_model, [what], ctx) {
  if (what === "aborted") {
    while (aborted.length === 0) await new Promise((resolve) => { wake = resolve; });
    return aborted;
  }
  globalThis.kserveTsTestCame?.();
  await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  aborted.push(ctx.signal.reason.code);
  wake?.();
  return [];
}
`;

describe.each([
  ["a worker", `export const preProcess = (request) => request.instances;`],
  [
    "the server's own thread",
    `export const execution = "inline"; export const preProcess = (r) => r.instances;`,
  ],
])("a call under way from %s", (_where, source) => {
  it("ends at the predictor when the caller leaves", async () => {
    await using predictor = await servePredictor(NEVER);
    await using server = await serveTransformer(source, predictor);
    const came = arrival();
    const leaving = new AbortController();
    const call = fetch(server.url + PREDICT, {
      method: "POST",
      body: JSON.stringify({ instances: ["wait"] }),
      signal: leaving.signal,
    });
    await came;
    leaving.abort();
    await expect(call).rejects.toThrow("aborted");
    const { body } = await postJson(predictor, PREDICT, { instances: ["aborted"] });
    expect(body).toEqual({ predictions: ["KTS_CANCELLED"] });
  });

  it("ends at the predictor when the request's deadline passes", async () => {
    await using predictor = await servePredictor(NEVER);
    await using server = await serveTransformer(source, predictor, { requestTimeoutMs: 300 });
    const { status, body } = await postJson(server, PREDICT, { instances: ["wait"] });
    expect({ status, body }).toEqual({
      status: 504,
      body: { error: "The request took longer than 300 ms." },
    });
    const after = await postJson(predictor, PREDICT, { instances: ["aborted"] });
    expect(after.body).toEqual({ predictions: ["KTS_CANCELLED"] });
  });

  it("ends with 504 when the predictor takes longer than it may", async () => {
    await using predictor = await servePredictor(NEVER);
    await using server = await serveTransformer(source, predictor, { predictorRequestTimeoutSeconds: 1 });
    const { status, body } = await postJson(server, PREDICT, { instances: ["wait"] });
    expect({ status, body }).toEqual({
      status: 504,
      body: { error: "The predictor did not answer within 1000 ms." },
    });
  });
});

/** Tells of a request when it comes, and again when its caller has gone; never answers. */
const WAITS = `
export const execution = "inline";
export async function predict(_model, _input, ctx) {
  globalThis.kserveTsTestCame();
  await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  globalThis.kserveTsTestCame();
}
`;

/** Resolves when the next request has reached a predictor of this process. */
function arrival(): Promise<void> {
  return new Promise((resolve) => {
    (globalThis as { kserveTsTestCame?: () => void }).kserveTsTestCame = resolve;
  });
}

/** Refuses with 503 so many times, then answers with the number of the call. */
const REFUSES = (times: number, retryAfterSeconds = 0) => `
import { HttpError } from "kserve-ts";
export const execution = "inline";
let calls = 0;
export function predict() {
  if (++calls > ${times}) return [calls];
  throw new HttpError(503, "call " + calls, ${retryAfterSeconds > 0 ? `{ retryAfterSeconds: ${retryAfterSeconds} }` : "{}"});
}
`;

describe("--predictor_request_retries", () => {
  it("asks again after a 503", async () => {
    await using predictor = await servePredictor(REFUSES(2));
    await using server = await servePassThrough(predictor, { predictorRequestRetries: 2 });
    const { status, body } = await postJson(server, PREDICT, ONE);
    expect({ status, body }).toEqual({ status: 200, body: { predictions: [3] } });
  });

  it("passes the last 503 on when all are used up", async () => {
    await using predictor = await servePredictor(REFUSES(9));
    await using server = await servePassThrough(predictor, { predictorRequestRetries: 1 });
    const { status, body } = await postJson(server, PREDICT, ONE);
    expect({ status, body }).toEqual({ status: 503, body: { error: "call 2" } });
  });

  it("is 0 by default: each request is one call", async () => {
    await using predictor = await servePredictor(REFUSES(1));
    await using server = await servePassThrough(predictor);
    const { body } = await postJson(server, PREDICT, ONE);
    expect(body).toEqual({ error: "call 1" });
  });

  it("leaves a long Retry-After to the caller", async () => {
    await using predictor = await servePredictor(REFUSES(1, 30));
    await using server = await servePassThrough(predictor, { predictorRequestRetries: 5 });
    const { body, headers } = await postJson(server, PREDICT, ONE);
    expect({ body, retryAfter: headers.get("retry-after") }).toEqual({
      body: { error: "call 1" },
      retryAfter: "30",
    });
  });

  it("asks nothing again that may have run", async () => {
    await using predictor = await servePredictor(`
      export const execution = "inline";
      let calls = 0;
      export const predict = () => { throw new Error("call " + ++calls); };
    `);
    await using server = await servePassThrough(predictor, { predictorRequestRetries: 5 });
    const { body } = await postJson(server, PREDICT, ONE);
    expect(body).toEqual({ error: "Error : call 1" });
  });

  it("waits for a predictor that comes up", async () => {
    const place = await closedPort();
    await using server = await servePassThrough(place, { predictorRequestRetries: 20 });
    const call = postJson(server, PREDICT, ONE);
    await using predictor = await servePredictor(ECHO, { options: { httpPort: place.port, grpcPort: 0 } });
    expect(predictor.port).toBe(place.port);
    expect((await call).body).toEqual({ predictions: [1] });
  });
});
