import { spawn } from "node:child_process";
import { once } from "node:events";
import { beforeAll, expect, it } from "vitest";
import { echoServer } from "./echo-server.ts";
import { python, run } from "./tools.ts";

const SCRIPT = new URL("python_client.py", import.meta.url).pathname;

let interpreter: string;
beforeAll(async () => {
  interpreter = await python();
});

it("passes every check of Python's gRPC (C core) with Triton's client", async () => {
  await using server = await echoServer();
  const { stdout, stderr } = await run(interpreter, [SCRIPT, server.address]);
  expect(stdout, stderr).not.toBe("");
  const results = JSON.parse(stdout) as Record<string, string>;
  expect(Object.keys(results).length).toBeGreaterThan(10);
  expect(Object.entries(results).filter(([, result]) => result !== "ok")).toEqual([]);
  // Whether the server's clock for the missed deadline is the first to say so is the machine's business.
  expect([...codesOfErrors(server.log)].filter((code) => code !== "KTS_DEADLINE_EXCEEDED")).toEqual([]);
});

it("loses none of its calls when it stops, without a retry", async () => {
  const server = await echoServer();
  const child = spawn(interpreter, [SCRIPT, server.address, "until-gone"]);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  const ended = once(child, "close");
  while (!output.includes("calling")) await once(child.stdout, "data");
  await server.stop();
  await ended;
  const { answered, problems } = JSON.parse(output.split("\n")[1] ?? "") as Record<string, unknown>;
  expect(problems).toEqual([]);
  expect(answered).toBeGreaterThan(200);
});

it("has descriptors that are what protoc makes of the .proto files", async () => {
  const script = new URL("../../../scripts/grpc-descriptors.ts", import.meta.url).pathname;
  const env = { ...process.env, PROTOC: `${interpreter} -m grpc_tools.protoc` };
  const { code, stderr } = await run(process.execPath, [script, "--check"], { env });
  expect([code, stderr]).toEqual([0, ""]);
});

it("has the messages that Triton's client was made with, field by field", async () => {
  const folder = new URL("../../../protocol/grpc/proto", import.meta.url).pathname;
  const compare = new URL("compare_protos.py", import.meta.url).pathname;
  const { stdout, stderr } = await run(interpreter, [compare, folder]);
  expect(stderr).toBe("");
  const { compared, differences } = JSON.parse(stdout) as { compared: number; differences: string[] };
  expect(compared).toBeGreaterThan(80);
  expect(differences.sort()).toEqual([
    // The Open Inference Protocol's.
    "ModelMetadataResponse.PropertiesEntry.key",
    "ModelMetadataResponse.PropertiesEntry.value",
    "ModelMetadataResponse.properties",
    // KServe's, of which Triton's answers have no fields.
    "RepositoryModelLoadResponse.isLoaded",
    "RepositoryModelLoadResponse.model_name",
    "RepositoryModelUnloadResponse.isUnloaded",
    "RepositoryModelUnloadResponse.model_name",
  ]);
});

function codesOfErrors(log: readonly string[]): Set<unknown> {
  const lines = log.map((line) => JSON.parse(line) as { level: string; code?: string });
  return new Set(lines.filter(({ level }) => level === "error").map(({ code }) => code));
}
