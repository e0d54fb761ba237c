import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, postJson, servePredictor } from "../serving.ts";

/** Takes an FP32 and an INT8 tensor, so that every conversion has something to refuse. */
const PREDICTOR = `
export const execution = "inline";
export const inputs = [
  { name: "x", datatype: "FP32", shape: [-1, 2] },
  { name: "k", datatype: "INT8", shape: [-1], optional: true },
];
export const outputs = [{ name: "y", datatype: "FP32", shape: [-1, 2] }];
export const predict = (_model, { x }) => ({ y: x });
`;
const V1 = "/v1/models/m:predict";
const V2 = "/v2/models/m/infer";

let server: TestServer;
beforeAll(async () => {
  server = await servePredictor(PREDICTOR);
});
afterAll(() => server.stop());

const X = { name: "x", shape: [1, 2], datatype: "FP32", data: [1, 2] };
const K = { name: "k", shape: [1], datatype: "INT8", data: [1] };

async function refuses(path: string, body: unknown, headers?: Record<string, string>): Promise<string> {
  const answer = await postJson(server, path, body, headers);
  expect(answer.status, JSON.stringify(answer.body)).toBe(400);
  expect(answer.headers.get("content-type")).toBe("application/json");
  const { error } = answer.body as { error: string };
  expect(Object.keys(answer.body as object)).toEqual(["error"]);
  return error;
}

describe("a V1 request that is wrong is 400 and says where", () => {
  it.each([
    ["an empty body", "", /.+/],
    ["no JSON", "{", /.+/],
    ["NaN", '{"instances":[[NaN,1]]}', /.+/],
    ["a number that is too large", '{"instances":[[1e400,1]]}', /.+/],
    ["a list", "[1]", /object/],
    ["null", "null", /object/],
    ["a string", '"x"', /object/],
    ["no instances", { inputs: [] }, /instances/],
    ["instances that are no list", { instances: 5 }, /instances/],
    ["instances that are an object", { instances: {} }, /instances/],
    ["a ragged instance", { instances: [{ x: [1, 2, 3], k: 1 }] }, /instances\[0\]/],
    ["a ragged second instance", { instances: [{ x: [1, 2] }, { x: [1] }] }, /instances\[1\]/],
    ["a text for a number", { instances: [{ x: [1, "a"], k: 1 }] }, /instances\[0\]\.x\[1\]/],
    ["null for a number", { instances: [{ x: [1, null], k: 1 }] }, /instances\[0\]\.x\[1\]/],
    ["an instance without an input", { instances: [{ k: 1 }] }, /instances\[0\].*x/],
    ["an instance that is null", { instances: [null] }, /instances\[0\]/],
    ["a number out of range", { instances: [{ x: [1, 2], k: 300 }] }, /instances\[0\]\.k/],
    ["a fraction for an integer", { instances: [{ x: [1, 2], k: 1.5 }] }, /instances\[0\]\.k/],
  ])("%s", async (_case, body, message) => {
    expect(await refuses(V1, body)).toMatch(message);
  });

  it("nested too deep", async () => {
    expect(await refuses(V1, `{"instances":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toMatch(/.+/);
  });
});

describe("a V2 request that is wrong is 400 and says where", () => {
  it.each([
    ["an empty body", "", /.+/],
    ["no JSON", '{"inputs":', /.+/],
    ["null", "null", /object/],
    ["no inputs", {}, /inputs/],
    ["inputs that are no list", { inputs: {} }, /inputs/],
    ["no input", { inputs: [] }, /x/],
    ["an input that is no object", { inputs: [1] }, /inputs\[0\]/],
    ["an input without a name", { inputs: [{ ...X, name: undefined }] }, /inputs\[0\]\.name/],
    ["an input without a shape", { inputs: [{ ...X, shape: undefined }] }, /inputs\[0\]\.shape/],
    ["an input without a datatype", { inputs: [{ ...X, datatype: undefined }] }, /inputs\[0\]\.datatype/],
    ["an input without data", { inputs: [{ ...X, data: undefined }] }, /inputs\[0\]/],
    ["an unknown datatype", { inputs: [{ ...X, datatype: "FLOAT" }] }, /inputs\[0\]\.datatype/],
    ["another datatype", { inputs: [{ ...X, datatype: "FP64" }] }, /inputs\[0\]|x/],
    ["another shape", { inputs: [{ ...X, shape: [2], data: [1, 2] }] }, /inputs\[0\]|x/],
    ["too few elements", { inputs: [{ ...X, data: [1] }] }, /inputs\[0\]/],
    ["too many elements", { inputs: [{ ...X, data: [1, 2, 3] }] }, /inputs\[0\]/],
    ["a negative length", { inputs: [{ ...X, shape: [-1, 2] }] }, /inputs\[0\]\.shape/],
    ["a length that is a fraction", { inputs: [{ ...X, shape: [1.5, 2] }] }, /inputs\[0\]\.shape/],
    ["a length that is huge", { inputs: [{ ...X, shape: [1e15, 2] }] }, /inputs\[0\]/],
    ["a text for a number", { inputs: [{ ...X, data: [1, "a"] }] }, /inputs\[0\]\.data\[1\]/],
    ["a number out of range", { inputs: [X, { ...K, data: [300] }] }, /inputs\[1\]\.data\[0\]/],
    ["an unknown input", { inputs: [X, { ...K, name: "z" }] }, /z/],
    ["an input twice", { inputs: [X, X] }, /x/],
    ["an id that is a number", { id: 5, inputs: [X] }, /id/],
    ["parameters that are a list", { parameters: [], inputs: [X] }, /parameters/],
    ["an unknown output", { inputs: [X], outputs: [{ name: "nope" }] }, /nope/],
    [
      "a size without a binary part",
      { inputs: [{ ...X, data: undefined, parameters: { binary_data_size: 8 } }] },
      /x|inputs\[0\]/,
    ],
  ])("%s", async (_case, body, message) => {
    expect(await refuses(V2, body)).toMatch(message);
  });

  it.each([
    ["not a number", "abc"],
    ["negative", "-1"],
    ["a fraction", "1.5"],
    ["beyond the body", "99999"],
    ["endless", "9".repeat(400)],
  ])("a length of the JSON part that is %s", async (_case, value) => {
    const message = await refuses(V2, { inputs: [X] }, { "inference-header-content-length": value });
    expect(message).toMatch(/Inference-Header-Content-Length/i);
  });

  it.each([
    ["a part that is too short", 8, 7],
    ["bytes too many", 8, 9],
    ["a size that does not fit the shape", 12, 12],
    ["a size of zero", 0, 8],
    ["a size below zero", -8, 8],
    ["a size that is no number", "8", 8],
  ])("a binary tensor with %s", async (_case, size, bytes) => {
    const json = JSON.stringify({
      inputs: [{ ...X, data: undefined, parameters: { binary_data_size: size } }],
    });
    const body = Buffer.concat([Buffer.from(json), Buffer.alloc(bytes)]);
    const headers = { "inference-header-content-length": String(json.length) };
    expect(await refuses(V2, body, headers)).toMatch(/inputs\[0\]|binary|body|bytes/);
  });

  it("leaves Object.prototype as it is", async () => {
    await postJson(
      server,
      V2,
      '{"inputs":[{"name":"__proto__","shape":[1],"datatype":"FP32","data":[1]}],"__proto__":{"polluted":1}}',
    );
    await postJson(server, V1, '{"instances":[{"__proto__":{"polluted":1}}],"__proto__":{"polluted":1}}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect((await postJson(server, V2, { inputs: [X] })).status).toBe(200);
  });
});
