import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultServerOptions } from "../../../runtime/options.ts";
import { forwardedHeaders } from "../../../runtime/remote/forwarded-headers.ts";
import { remoteSettings } from "../../../runtime/remote/settings.ts";
import { type TestServer, postJson, servePredictor } from "../serving.ts";
import { servePassThrough, serveTransformer } from "./chains.ts";

/** Answers with the headers it got. */
const HEADERS = `
export const execution = "inline";
export const predict = (_model, _input, ctx) => ({ requestId: ctx.requestId, headers: ctx.headers });
`;

const HANDED_ON = {
  "x-request-id": "r-1",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "vendor=1",
  b3: "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
  "x-b3-traceid": "0af7651916cd43dd8448eb211c80319c",
  "x-b3-sampled": "1",
  authorization: "Bearer secret",
};
const KEPT = { cookie: "a=b", "x-tenant": "t", "x-user": "u", "accept-language": "en" };

interface Got {
  readonly requestId: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function got(server: TestServer, headers: Record<string, string>): Promise<Got> {
  return (await postJson(server, "/v1/models/m:predict", { instances: [1] }, headers)).body as Got;
}

describe("a request's headers", () => {
  let predictor: TestServer;
  beforeAll(async () => void (predictor = await servePredictor(HEADERS)));
  afterAll(() => predictor.stop());

  it.each([
    ["inline", ""],
    ["a worker", "export const preProcess = (request) => request.instances;"],
  ])("go through both hops where they tie requests together, and no others: %s", async (_where, source) => {
    await using server =
      source === "" ? await servePassThrough(predictor) : await serveTransformer(source, predictor);
    const { requestId, headers } = await got(server, { ...HANDED_ON, ...KEPT });
    expect(headers).toMatchObject(HANDED_ON);
    expect(requestId).toBe("r-1");
    for (const name of Object.keys(KEPT)) expect(headers).not.toHaveProperty(name);
  });

  it("go along as gRPC's metadata", async () => {
    await using inTurn = await servePredictor(`
      export const execution = "inline";
      export const predict = (_model, _input, ctx) => [JSON.stringify(ctx.headers), ctx.requestId];
    `);
    const source = `
      import { tensor } from "kserve-ts";
      export const preProcess = () => ({ x: tensor("INT32", [1], [1]) });
    `;
    await using server = await serveTransformer(source, inTurn, {
      predictorProtocol: "grpc-v2",
      predictorHeaders: "x-tenant",
    });
    const given = { ...HANDED_ON, ...KEPT };
    const { body } = await postJson(server, "/v1/models/m:predict", { instances: [1] }, given);
    const [text, requestId] = (body as { predictions: [string, string] }).predictions;
    const headers = JSON.parse(text) as Record<string, string>;
    expect(headers).toMatchObject({ ...HANDED_ON, "x-tenant": "t" });
    expect(requestId).toBe("r-1");
    for (const name of ["cookie", "x-user", "accept-language"]) expect(headers).not.toHaveProperty(name);
  });

  it("have the id that this server made, where the caller gave none", async () => {
    await using server = await serveTransformer(
      `export const execution = "inline";
       export const postProcess = (answer, ctx) => ({ ...answer, mine: ctx.requestId });`,
      predictor,
    );
    const { requestId, mine } = (await got(server, {})) as Got & { mine: string };
    expect(requestId).toBe(mine);
    expect(mine).not.toBe("");
  });

  it("go along by name where --predictor_headers names them", async () => {
    await using server = await servePassThrough(predictor, { predictorHeaders: "X-Tenant, x-user" });
    const { headers } = await got(server, KEPT);
    expect(headers).toMatchObject({ "x-tenant": "t", "x-user": "u" });
    expect(headers).not.toHaveProperty("cookie");
  });
});

describe("forwardedHeaders", () => {
  it("takes no name that only begins or ends like one of the list", () => {
    const headers = { "x-request-ids": "1", "not-x-b3-traceid": "2", b33: "3", authorization2: "4" };
    expect(forwardedHeaders(headers, [])).toEqual({});
  });
});

describe("--predictor_headers", () => {
  const settings = (predictorHeaders: string) =>
    remoteSettings({ ...defaultServerOptions(), predictorHost: "p", predictorHeaders });

  it.each(["x y", "x-a,,x-b", "x-a:", "é"])("refuses %j", (text) => {
    expect(() => settings(text)).toThrow(/^--predictor_headers is .*, but ".*" is no header name$/);
  });

  it.each(["host", "Content-Length", "transfer-encoding", "connection"])("refuses to hand on %s", (name) => {
    expect(() => settings(name)).toThrow("belongs to one connection, so it cannot be handed on");
  });
});
