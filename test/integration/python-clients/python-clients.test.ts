import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../runtime/serving.ts";
import { run } from "../grpc/tools.ts";
import { pythonEnvironment } from "../python-env.ts";
import { modelServer } from "./model-server.ts";

let python: string;
let server: TestServer;
beforeAll(async () => {
  python = join(
    await pythonEnvironment("python-clients", ["kserve==0.21.0", "tritonclient[http,grpc]"]),
    "python",
  );
  server = await modelServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe("every check passes with", () => {
  it.each([
    ["kserve's InferenceRESTClient", "kserve_rest.py", () => server.url, 9],
    ["kserve's InferenceGRPCClient", "kserve_grpc.py", () => `127.0.0.1:${server.grpcPort}`, 7],
    ["tritonclient.http", "triton_http.py", () => `127.0.0.1:${server.port}`, 21],
    ["tritonclient.grpc", "triton_grpc.py", () => `127.0.0.1:${server.grpcPort}`, 13],
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

it("has logged no failure but the predictor's own, and has no model that broke", () => {
  const lines = server.log.map((line) => JSON.parse(line) as { level: string; code?: string });
  const failures = lines.filter(({ level }) => level === "error" || level === "fatal");
  expect(new Set(failures.map(({ code }) => code))).toEqual(
    new Set(["KTS_PREDICTOR_FAILED", "KTS_NOT_IMPLEMENTED"]),
  );
});
