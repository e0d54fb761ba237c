import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ECHO, type TestServer, postJson } from "../../runtime/serving.ts";
import { run } from "../grpc/tools.ts";
import { modelServer } from "../model-server.ts";
import { pythonEnvironment } from "../python-env.ts";

const CONFIG = new URL("schemathesis.toml", import.meta.url).pathname;
const EXAMPLES = new URL("../../fixtures/models/digits-onnx/examples.json", import.meta.url);

let schemathesis: string;
let server: TestServer;
beforeAll(async () => {
  schemathesis = join(await pythonEnvironment("schemathesis", ["schemathesis==4.32.5"]), "schemathesis");
  server = await modelServer({ predictors: { echo: ECHO }, fixtures: ["digits-onnx"] });
});
afterAll(() => server[Symbol.asyncDispose]());

it("answers as /openapi.json says, whatever is made up from it", async () => {
  // It writes into the folder that it is run in.
  const cwd = await mkdtemp(join(tmpdir(), "kserve-ts-schemathesis-"));
  const args = ["--config-file", CONFIG, "run", `${server.url}/openapi.json`, "--no-color"];
  // Unloading would leave the others no model.
  args.push("--exclude-path-regex", "/unload$");
  const { code, stdout, stderr } = await run(schemathesis, args, { cwd });
  await rm(cwd, { recursive: true, force: true });
  expect([code, code === 0 ? "" : stdout.slice(-20_000) + stderr]).toEqual([0, ""]);
  expect(Number(/(\d+) generated/.exec(stdout)?.[1])).toBeGreaterThan(500);
});

it("has logged no failure, and answers as before", async () => {
  expect(server.log.filter((line) => /"level":"(?:error|fatal)"/.test(line))).toEqual([]);
  const [example] = JSON.parse(await readFile(EXAMPLES, "utf8")) as { v2Request: object }[];
  const { status, body } = await postJson(server, "/v2/models/digits-onnx/infer", example?.v2Request);
  expect([status, body]).toEqual([200, expect.objectContaining({ model_name: "digits-onnx" })]);
  expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
});
