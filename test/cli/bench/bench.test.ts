import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BenchReport } from "../../../cli/bench/report/bench-report.ts";
import { OwnServer } from "../../../cli/bench/server/own-server.ts";
import { serveFolder } from "../../runtime/serving.ts";
import { Cli, ROOT, folderWith, runCli } from "../run-cli.ts";

const DAWDLE_MS = 40;

/** A predictor without a model, which refuses or dawdles on demand. */
const PREDICTOR = `
  import { writeSync } from "node:fs";
  import { HttpError } from "kserve-ts";
  let asked = 0;
  export const execution = "inline";
  export const predict = async (_model, instances) => {
    const [first] = instances;
    if (first === "refuse") throw new HttpError(503, "come back later");
    if (first === "dawdle") await new Promise((resolve) => setTimeout(resolve, ${DAWDLE_MS}));
    if (first === "die" && ++asked > 10) {
      writeSync(2, "its last words\\n");
      process.exit(9);
    }
    return instances;
  };`;

const project = (instances: readonly unknown[], more: Record<string, string> = {}) =>
  folderWith({
    "predictor.mjs": PREDICTOR.replace('"kserve-ts"', JSON.stringify(join(ROOT, "contract/index.ts"))),
    "examples/one.json": JSON.stringify({ instances }),
    ...more,
  });

const SHORT = ["--duration", "1", "--warmup", "0"];

async function benchJson(args: readonly string[]) {
  const { stdout, stderr, exitCode } = await runCli(["bench", ...args, ...SHORT, "-o", "json"]);
  if (stdout === "") throw new Error(`bench says nothing: ${stderr}`);
  return { report: JSON.parse(stdout) as BenchReport, stderr, exitCode };
}

describe("kserve-ts bench", () => {
  it("finds the knee of a folder's server, and writes a report", { timeout: 120_000 }, async () => {
    await using folder = await project([1, 2]);
    const page = join(folder.path, "report.html");
    const { report, stderr, exitCode } = await benchJson([folder.path, "--quick", "--report", page]);
    const [run] = report.runs;
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({ version: 1, server: { isOwn: true }, isInterrupted: false });
    expect(report.requests).toEqual([{ name: "examples/one.json", bodyBytes: 19 }]);
    expect(run?.capacity?.perSecond).toBeGreaterThan(0);
    expect(run?.server).toMatchObject({ execution: "inline" });
    expect(run?.steps.length).toBeGreaterThan(0);
    for (const step of run?.steps ?? []) expect(step.serverCores).toBeGreaterThan(0);
    expect(run?.knee?.limitFrom).toBe("lightest step");
    expect(stderr.trim().split("\n")).toHaveLength(run?.steps.length as number);
    expect(await readFile(page, "utf8")).toContain("<!doctype html>");
  });

  it("measures one rate in several windows, each by its own schedule", { timeout: 60_000 }, async () => {
    await using folder = await project([1]);
    const { report, exitCode } = await benchJson([folder.path, "--rate", "30", "--p99", "60000"]);
    const [run] = report.runs;
    expect(exitCode).toBe(0);
    expect(run).toMatchObject({ capacity: null, knee: null });
    expect(run?.steps).toHaveLength(3);
    for (const step of run?.steps ?? []) {
      expect(step).toMatchObject({ offeredPerSecond: 30, right: step.due, failures: {} });
      expect(step.hasFewSamples).toBe(true);
    }
    expect(new Set(run?.steps.map(({ due }) => due)).size).toBeGreaterThan(1);
  });

  it("ends with 1 where the goal is missed", { timeout: 60_000 }, async () => {
    await using folder = await project(["dawdle"]);
    const { report, exitCode } = await benchJson([folder.path, "--rate", "5", "--quick", "--p99", "10"]);
    expect(report.goalP99Ms).toBe(10);
    expect(report.runs[0]?.steps[0]?.latencyMs.p50).toBeGreaterThan(DAWDLE_MS - 2);
    expect(exitCode).toBe(1);
  });

  it.each(["v1", "v2", "v2-binary", "grpc"] as const)(
    "asks a server that runs over %s",
    { timeout: 60_000 },
    async (protocol) => {
      await using server = await serveFolder(`${ROOT}examples/digits`);
      const url = protocol === "grpc" ? `127.0.0.1:${server.grpcPort}` : server.url;
      const args = ["examples/digits", "--url", url, "--protocol", protocol, "--rate", "10", "--quick"];
      const { report, exitCode } = await benchJson(args);
      expect(exitCode).toBe(0);
      expect(report).toMatchObject({ model: "digits", protocol, server: { isOwn: false } });
      // Those that are written in it, and of the others those that can be said in it.
      const names = report.requests.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(["examples/v2-three.json", "examples/zero-one-1x28x28.json"]),
      );
      const [step] = report.runs[0]?.steps ?? [];
      expect(step).toMatchObject({ right: step?.due, failures: {}, failedShare: 0 });
    },
  );

  it("sends each request as it is written, where no protocol is named", { timeout: 60_000 }, async () => {
    const { report } = await benchJson(["examples/digits", "--rate", "10", "--quick"]);
    expect(report.requests.length).toBe(4);
    expect(report.runs[0]?.steps[0]?.failures).toEqual({});
  });

  it("sends zeros of the signature where there are no examples", { timeout: 60_000 }, async () => {
    const model = join(ROOT, "test/fixtures/models/iris-onnx/model/model.onnx");
    const { report } = await benchJson([model, "--rate", "10", "--quick"]);
    expect(report.requests.map(({ name }) => name)).toEqual(["zeros"]);
    expect(report.runs[0]?.steps[0]?.failures).toEqual({});
  });

  it("sweeps settings, each with a server of its own", { timeout: 120_000 }, async () => {
    await using folder = await folderWith({
      "predictor.mjs": "export const batching = true; export const predict = (_model, list) => list;",
      "examples/one.json": '{"instances": [1]}',
    });
    const args = ["--sweep", "--quick", "--connections", "2", ...SHORT, "-o", "json"];
    await using cli = new Cli(["bench", folder.path, ...args]);
    // All of them take minutes: the first is the project's own, and the second another.
    await cli.until("stderr", /^(?!1 worker, batches up to 64:).*offered/m);
    cli.signal("SIGINT");
    const { stdout, exitCode } = await cli.ended;
    const [present, other] = (JSON.parse(stdout) as BenchReport).runs;
    expect(present).toMatchObject({ settings: {}, server: { workers: 1, batching: { maxBatchSize: 64 } } });
    expect(present?.knee).not.toBeNull();
    expect(other?.server?.url).not.toBe(present?.server?.url);
    const { workers, batching } = other?.settings ?? {};
    if (workers === undefined) expect(batching).toBe(false);
    else expect(other?.server?.workers).toBe(workers);
    expect(exitCode).toBe(130);
  });

  it.each([
    [{ batching: false }, undefined],
    [{ batching: { maxBatchSize: 8, maxDelayMs: 2 } }, { maxBatchSize: 8, maxDelayMs: 2 }],
  ] as const)(
    "starts a server in the setting %j, over what the project's files say",
    async (settings, batching) => {
      await using folder = await folderWith({
        "predictor.mjs": "export const batching = true; export const predict = (_model, list) => list;",
        "kserve.config.json": '{"model": {"batching": {"maxBatchSize": 16}, "workers": 1}}',
      });
      const { signal } = new AbortController();
      await using server = await OwnServer.start(folder.path, { ...settings, workers: 2 }, signal);
      expect(server.facts.batching).toEqual(batching);
      expect(server.facts.workers).toBe(2);
      expect(await server.cpuMs(signal)).toBeGreaterThan(0);
    },
  );

  it("shows what was measured until Ctrl-C, and ends its server", { timeout: 60_000 }, async () => {
    await using folder = await project([1]);
    await using cli = new Cli(["bench", folder.path, "--rate", "20", "--duration", "1", "--warmup", "0"]);
    await cli.until("stderr", /20\/s offered/);
    cli.signal("SIGINT");
    const { stdout, exitCode } = await cli.ended;
    expect(exitCode).toBe(130);
    expect(stdout).toContain("offered/s");
    expect(stdout).toContain("note: It was interrupted: this is what was measured until then.");
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)?.[0] as string;
    await expect(fetch(url)).rejects.toThrow();
  });

  it.each([
    ["to sweep a server that is not ours", ["--sweep", "--url", "http://127.0.0.1:1"], "--sweep starts"],
    ["to sweep at one rate", ["--sweep", "--rate", "5"], "--sweep compares"],
    ["a report in a folder that is not there", ["--report", "/nowhere/x.html"], "there is no folder /nowhere"],
    ["a protocol that no example can be said in", ["--protocol", "grpc"], "examples/one.json cannot be said in it"],
    ["a header that is none", ["-H", "nothing"], "expected 'Name: value'"],
  ])("refuses %s", async (_what, args, message) => {
    await using folder = await project([1]);
    const { stderr, exitCode } = await runCli(["bench", folder.path, ...args]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  }); // prettier-ignore

  it("does not measure how fast a server refuses", async () => {
    await using folder = await project(["refuse"]);
    const { stderr, exitCode } = await runCli(["bench", folder.path, ...SHORT]);
    expect(stderr).toContain("examples/one.json is not answered well, so there is no load: 503: ");
    expect(exitCode).toBe(1);
  });

  it("says that its server died, and how", { timeout: 60_000 }, async () => {
    await using folder = await project(["die"]);
    const { stderr, exitCode } = await runCli(["bench", folder.path, "--rate", "50", "--quick", ...SHORT]);
    expect(stderr).toContain("the measured server ended with 9:\n");
    expect(stderr).toContain("its last words");
    expect(exitCode).toBe(1);
  });

  it("says why its server does not start", async () => {
    await using folder = await folderWith({ "predictor.mjs": "export const predict = 5;" });
    const { stderr, exitCode } = await runCli(["bench", folder.path, ...SHORT]);
    expect(stderr).toContain("predict");
    expect(exitCode).toBe(3);
  });

  it("says that a server cannot be reached", async () => {
    const { stderr, exitCode } = await runCli(["bench", "--url", "http://127.0.0.1:1", ...SHORT]);
    expect(stderr).toContain("127.0.0.1:1");
    expect(exitCode).toBe(6);
  });
});
