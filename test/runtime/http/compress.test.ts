import { request as httpRequest } from "node:http";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { RunningServer } from "../../../runtime/index.ts";
import { acceptedCoding } from "../../../runtime/http/compress.ts";
import { ECHO, servePredictor } from "../serving.ts";

describe("the compression a client likes best", () => {
  it.each([
    ["gzip", "gzip"],
    ["gzip, deflate", "gzip"],
    ["gzip, deflate, br", "br"],
    ["br;q=0.5, gzip", "gzip"],
    ["deflate", "deflate"],
    ["x-gzip", "gzip"],
    ["GZIP;Q=1.0", "gzip"],
    ["*", "br"],
    ["br;q=0, *;q=0.5", "gzip"],
    ["gzip;q=0.5, identity", undefined],
    ["gzip;q=0.5, identity;q=0.4", "gzip"],
    ["gzip;q=0", undefined],
    ["gzip;q=2", undefined],
    ["gzip;q=x", undefined],
    ["identity", undefined],
    ["zstd, compress", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("of %j is %j", (header, coding) => {
    expect(acceptedCoding(header)).toBe(coding);
  });
});

interface Answer {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** Unlike `fetch` it leaves the answer compressed, and asks only for what the test says. */
async function post(
  server: RunningServer,
  path: string,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = httpRequest(server.url + path, { method: "POST", headers, agent: false }, (incoming) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => resolve({ headers: incoming.headers, body: Buffer.concat(parts) }));
    incoming.on("error", reject);
  });
  outgoing.on("error", reject);
  outgoing.end(body);
  return promise;
}

const V1 = "/v1/models/m:predict";
const LARGE = JSON.stringify({ instances: Array.from({ length: 5_000 }, (_, at) => at / 8) });
const EXPECTED = LARGE.replace("instances", "predictions");
const UNDO = { br: brotliDecompressSync, gzip: gunzipSync, deflate: inflateSync };

describe("a large answer", () => {
  it.each(["br", "gzip", "deflate"] as const)(
    "is compressed with %s where that is asked for",
    async (coding) => {
      await using server = await servePredictor(ECHO);
      const { headers, body } = await post(server, V1, LARGE, { "accept-encoding": coding });
      expect(headers).toMatchObject({
        "content-encoding": coding,
        "content-type": "application/json",
        "content-length": String(body.length),
        vary: "Accept-Encoding",
      });
      expect(body.length).toBeLessThan(EXPECTED.length / 2);
      expect(UNDO[coding](body).toString()).toBe(EXPECTED);
    },
  );

  it("is sent as it is where nothing is asked for, or the option says so", async () => {
    await using server = await servePredictor(ECHO);
    const plain = await post(server, V1, LARGE, {});
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(plain.body.toString()).toBe(EXPECTED);
    await using off = await servePredictor(ECHO, { options: { compressAboveBytes: 0 } });
    expect(
      (await post(off, V1, LARGE, { "accept-encoding": "gzip" })).headers["content-encoding"],
    ).toBeUndefined();
  });

  it("may be one with binary tensors, whose JSON keeps its length", async () => {
    await using server = await servePredictor(ECHO);
    const answer = await postTensor(server, new Float32Array(20_000).fill(1));
    expect(answer.headers["content-encoding"]).toBe("gzip");
    const plain = gunzipSync(answer.body);
    const jsonLength = Number(answer.headers["inference-header-content-length"]);
    expect(JSON.parse(plain.toString("utf8", 0, jsonLength))).toMatchObject({
      outputs: [{ shape: [20_000] }],
    });
    expect(plain.length).toBe(jsonLength + 80_000);
    expect(plain.readFloatLE(jsonLength + 79_996)).toBe(1);
  });

  it("is sent as it is where compression gains nothing", async () => {
    await using server = await servePredictor(ECHO);
    let state = 1;
    const noise = Uint32Array.from(
      { length: 20_000 },
      () => (state = Math.imul(state, 1_664_525) + 1_013_904_223),
    );
    const answer = await postTensor(server, noise);
    expect(answer.headers["content-encoding"]).toBeUndefined();
    expect(answer.body.subarray(-80_000).equals(Buffer.from(noise.buffer))).toBe(true);
  });

  it("is compressed inside a CloudEvent's envelope too", async () => {
    await using server = await servePredictor(ECHO);
    const event = `{"specversion":"1.0","id":"1","source":"s","type":"t","data":${LARGE}}`;
    const { headers, body } = await post(server, V1, event, {
      "accept-encoding": "gzip",
      "content-type": "application/cloudevents+json",
    });
    expect(headers).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "application/cloudevents+json",
    });
    expect(gunzipSync(body).toString()).toContain(`"data":${EXPECTED}}`);
  });
});

describe("a small answer, and an error", () => {
  it("are never compressed", async () => {
    await using server = await servePredictor(ECHO);
    for (const body of ['{"instances":[1]}', `{"instances":"${"x".repeat(50_000)}"}`]) {
      const { headers } = await post(server, V1, body, { "accept-encoding": "gzip" });
      expect(headers["content-encoding"]).toBeUndefined();
    }
  });
});

async function postTensor(server: RunningServer, data: Float32Array | Uint32Array): Promise<Answer> {
  const datatype = data instanceof Float32Array ? "FP32" : "UINT32";
  const parameters = { binary_data_size: data.byteLength };
  const json = JSON.stringify({
    parameters: { binary_data_output: true },
    inputs: [{ name: "x", shape: [data.length], datatype, parameters }],
  });
  return post(server, "/v2/models/m/infer", Buffer.concat([Buffer.from(json), Buffer.from(data.buffer)]), {
    "accept-encoding": "gzip",
    "content-type": "application/octet-stream",
    "inference-header-content-length": String(json.length),
  });
}
