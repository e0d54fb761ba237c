import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ECHO, type TestServer } from "../../runtime/serving.ts";
import { run } from "../grpc/tools.ts";
import { modelServer } from "../model-server.ts";
import { pythonEnvironment } from "../python-env.ts";

/** Echoes; fails where a parameter says so; explains. */
const MOODS = `
export const execution = "inline";
export const predict = (_model, input, ctx) => {
  if (ctx.parameters.fail === true) throw new Error("out of order");
  return input;
};
export const explain = (_model, instances) => instances.map((instance) => ({ why: instance }));
`;

/** Counts up to `n`, an answer for each number; 7 is beyond it. Slowly, where a parameter says so. */
const COUNTER = `
export const execution = "inline";
export const inputs = [{ name: "n", datatype: "INT32", shape: [1] }];
export const outputs = [{ name: "count", datatype: "INT32", shape: [1] }];
export async function* predict(_model, { n }, ctx) {
  for (let at = 0; at < n.data[0]; at++) {
    if (at === 7) throw new Error("seven is too many");
    if (ctx.parameters.slow === true && at > 0) {
      await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    }
    yield [at];
  }
}
`;

let python: string;
let server: TestServer;
beforeAll(async () => {
  python = join(
    await pythonEnvironment("python-clients", ["kserve==0.21.0", "tritonclient[http,grpc]"]),
    "python",
  );
  server = await modelServer({
    predictors: { echo: ECHO, moods: MOODS, counter: COUNTER },
    fixtures: ["iris-onnx", "dtypes-onnx"],
  });
});
afterAll(() => server[Symbol.asyncDispose]());

describe("every check passes with", () => {
  it.each([
    ["kserve's InferenceRESTClient", "kserve_rest.py", () => server.url, 9],
    ["kserve's InferenceGRPCClient", "kserve_grpc.py", () => `127.0.0.1:${server.grpcPort}`, 7],
    ["tritonclient.http", "triton_http.py", () => `127.0.0.1:${server.port}`, 21],
    ["tritonclient.grpc", "triton_grpc.py", () => `127.0.0.1:${server.grpcPort}`, 17],
  ])("%s", async (_client, script, address, checks) => {
    const path = new URL(script, import.meta.url).pathname;
    const { stdout, stderr } = await run(python, [path, address()]);
    const line = stdout.trimEnd().split("\n").at(-1) ?? "";
    expect(line, stderr).toMatch(/^\{/);
    const results = JSON.parse(line) as Record<string, string>;
    const failures = Object.entries(results).filter(([, result]) => result !== "ok");
    expect(failures.map(([name, trace]) => `${name}: ${trace}`).join("\n")).toBe("");
    expect(Object.keys(results)).toHaveLength(checks);
  });
});

it("has logged no failure but those that were asked for", () => {
  const lines = server.log.map((line) => JSON.parse(line) as { level: string; code?: string });
  const failures = lines.filter(({ level }) => level === "error" || level === "fatal");
  expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(["KTS_PREDICTOR_FAILED"]));
});
