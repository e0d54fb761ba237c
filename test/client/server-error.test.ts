import { describe, expect, it } from "vitest";
import { InferenceClient } from "../../client/index.ts";
import { type FixedAnswer, answering, failureOf } from "./fixed-server.ts";

async function errorFor(answer: FixedAnswer): Promise<Error> {
  await using server = await answering(() => answer);
  using client = new InferenceClient(server.url);
  return await failureOf(client.predict("m", [1]));
}

function json(status: number, value: unknown): FixedAnswer {
  return { status, body: JSON.stringify(value) };
}

describe("an answer that is not a success", () => {
  it.each<[string, FixedAnswer, string]>([
    [
      "KServe's error",
      json(404, { error: "Model with name m does not exist." }),
      "The server answered 404: Model with name m does not exist.",
    ],
    [
      "MLServer's error",
      json(400, { error: "Model m is not ready yet." }),
      "The server answered 400: Model m is not ready yet.",
    ],
    [
      "FastAPI's detail",
      json(405, { detail: "Method Not Allowed" }),
      "The server answered 405: Method Not Allowed",
    ],
    [
      "FastAPI's list of details",
      json(422, {
        detail: [
          { type: "missing", loc: ["body", "InferenceRequest", "inputs", 0, "shape"], msg: "Field required" },
          { type: "bytes_type", loc: ["body", "bytes"], msg: "Input should be a valid bytes" },
        ],
      }),
      "The server answered 422: body.InferenceRequest.inputs.0.shape: Field required; body.bytes: Input should be a valid bytes",
    ],
    [
      "a long list of details, and odd ones",
      json(422, { detail: [{ msg: "a" }, 1, null, { loc: 2, msg: "b" }, "c", "d"] }),
      'The server answered 422: a; 1; null; b; "c"; ...',
    ],
    [
      "TorchServe's message",
      json(404, { code: 404, type: "ModelNotFoundException", message: "Model not found: m" }),
      "The server answered 404: Model not found: m",
    ],
    [
      "the OpenAI routes' error",
      json(400, { error: { code: 400, message: "bad prompt", type: "x" } }),
      "The server answered 400: bad prompt",
    ],
    ["other JSON", json(500, { reason: 1 }), 'The server answered 500: {"reason":1}'],
    ["null", json(500, null), "The server answered 500: null"],
    ["an empty list of details", json(422, { detail: [] }), 'The server answered 422: {"detail":[]}'],
    [
      "plain text",
      {
        status: 502,
        headers: { "content-type": "text/plain" },
        body: "upstream connect error\r\n\r\n  reset ",
      },
      "The server answered 502: upstream connect error reset",
    ],
    [
      "bytes that are no text",
      { status: 500, body: new Uint8Array([0x61, 0xff]) },
      "The server answered 500: a\ufffd",
    ],
    ["no body", { status: 503, headers: {} }, "The server answered 503 with an empty body."],
    [
      "a redirect",
      { status: 308, headers: { location: "https://example.com/v1/models/m:predict" } },
      "The server answered 308 and points to https://example.com/v1/models/m:predict; use that address.",
    ],
    ["a status below 400 without a place", { status: 304 }, "The server answered 304 with an empty body."],
  ])("gives %s", async (_whose, answer, message) => {
    const error = await errorFor(answer);
    expect(error).toMatchObject({
      name: "KtsError",
      code: "KTS_SERVER_ANSWERED",
      status: answer.status,
      message,
    });
  });

  it("is shortened where it is long", async () => {
    const { message } = await errorFor({ status: 500, body: "x".repeat(5000) });
    expect(message).toBe(`The server answered 500: ${"x".repeat(1000)}...`);
    const long = await errorFor(json(500, { error: "y".repeat(100_000) }));
    expect(long.message).toBe(`The server answered 500: {"error":"${"y".repeat(990)}...`);
  });

  it.each([
    ["2", 2],
    ["0", 0],
    ["Fri, 31 Dec 1999 23:59:59 GMT", undefined],
    ["-1", undefined],
  ])("hands on Retry-After: %s", async (header, retryAfterSeconds) => {
    const error = await errorFor({
      status: 429,
      headers: { "retry-after": header },
      body: '{"error":"full"}',
    });
    expect(error).toMatchObject({ status: 429, message: "The server answered 429: full", retryAfterSeconds });
  });

  it("fails every method alike", async () => {
    await using server = await answering(() => json(401, { error: "who are you?" }));
    using client = new InferenceClient(server.url);
    const calls = [
      client.live(),
      client.ready(),
      client.models(),
      client.serverMetadata(),
      client.modelMetadata("m"),
      client.modelReady("m"),
      client.predict("m", []),
      client.explain("m", []),
      client.infer("m", {}),
      client.send("/any", "{}"),
    ];
    for (const call of calls) {
      expect(await failureOf(call)).toMatchObject({ code: "KTS_SERVER_ANSWERED", status: 401 });
    }
  });
});
