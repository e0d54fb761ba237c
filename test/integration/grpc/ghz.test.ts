import { beforeAll, expect, it } from "vitest";
import { echoServer } from "./echo-server.ts";
import { goProgram, run } from "./tools.ts";

let program: string;
beforeAll(async () => {
  program = await goProgram("ghz");
});

it.each([
  ["one connection", 50, 1],
  ["ten connections", 100, 10],
])("answers ten thousand calls over %s, every one of them", async (_case, concurrency, connections) => {
  await using server = await echoServer();
  const contents = { fp32_contents: Array.from({ length: 10 }, (_, index) => index) };
  const request = { model_name: "m", inputs: [{ name: "x", datatype: "FP32", shape: [10], contents }] };
  const { stdout, stderr } = await run(program, [
    "--insecure",
    ...["--call", "inference.GRPCInferenceService/ModelInfer"],
    ...["--data", JSON.stringify(request)],
    ...["--total", "10000", "--concurrency", String(concurrency), "--connections", String(connections)],
    ...["--format", "json"],
    server.address,
  ]);
  expect(stderr).toBe("");
  const { count, statusCodeDistribution, errorDistribution } = JSON.parse(stdout) as Record<string, unknown>;
  expect(count).toBe(10_000);
  expect(statusCodeDistribution).toEqual({ OK: 10_000 });
  expect(errorDistribution).toEqual({});
});
