import { chmod, rm, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { VERBS } from "../../cli/verbs.ts";
import { archiveBase, registryBase } from "../builder/oci/bases.ts";
import { scratch } from "../builder/oci/plans.ts";
import { MemoryRegistry } from "../builder/registry/memory-registry.ts";
import { serveFolder } from "../runtime/serving.ts";
import { ROOT, folderWith } from "./run-cli.ts";

/** A shell at the repository's root, or in `cwd`, for which `kserve-ts` is the command line's source. */
async function typed(command: string, env: Record<string, string>, until?: RegExp, cwd = ROOT) {
  await using folder = await folderWith({});
  const bin = join(folder.path, "kserve-ts");
  await writeFile(bin, `#!/bin/sh\nexec "${process.execPath}" "${ROOT}cli/main.ts" "$@"\n`);
  await chmod(bin, 0o755);
  const path = `${folder.path}:${process.env["PATH"]}`;
  const shell = spawn("/bin/sh", ["-c", `exec ${command}`], {
    cwd,
    env: { ...process.env, ...env, PATH: path },
  });
  const said = { stdout: "", stderr: "" };
  for (const output of ["stdout", "stderr"] as const) {
    shell[output].setEncoding("utf8").on("data", (text: string) => {
      said[output] += text;
      const isEnough = until?.test(said.stdout) === true || until?.test(said.stderr) === true;
      if (isEnough && !shell.killed) shell.kill("SIGTERM");
    });
  }
  const [exitCode] = (await once(shell, "close")) as [number | null];
  return { ...said, exitCode };
}

const verbs = await VERBS.all();
const examplesOf = (name: string) => verbs.find((verb) => verb.name === name)?.examples ?? [];

describe("the examples of init --help", () => {
  it.each(examplesOf("init").map(({ says, command }) => [says, command]))("%s", async (_says, command) => {
    await using folder = await folderWith({});
    const { stdout, stderr, exitCode } = await typed(command, {}, undefined, folder.path);
    expect(stdout).toContain("npm install");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });
});

describe("the examples of serve --help", () => {
  it.each(examplesOf("serve").map(({ says, command }) => [says, command]))("%s", async (_says, command) => {
    const env = { KSERVE_TS_HTTP_PORT: "0", KSERVE_TS_LOG_LEVEL: "error" };
    const { stdout, stderr, exitCode } = await typed(command, env, /(Try|Call) it:/);
    expect(stdout).toContain(" serves digits, ready after ");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });
});

describe("the examples of predict --help", () => {
  // Those that need a cluster are in test/e2e/predict.e2e.test.ts.
  const local = examplesOf("predict").filter(({ command }) => !/--(?:target|service) /.test(command));
  it.each(local.map(({ says, command }) => [says, command]))("%s", async (_says, command) => {
    await using server = await serveFolder(`${ROOT}examples/digits`);
    const { stdout, stderr, exitCode } = await typed(command, { KSERVE_TS_URL: server.url });
    expect(stdout).toMatch(/7|3/);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });
});

describe("the examples of test --help", () => {
  // The one that needs a cluster is in test/e2e.
  const local = examplesOf("test").filter(({ command }) => !/--(?:target|service) /.test(command));
  it.each(local.map(({ says, command }) => [says, command]))("%s", async (_says, command) => {
    await using server = await serveFolder(`${ROOT}examples/digits`);
    const here = command
      .replace("http://localhost:8080", server.url)
      .replace("localhost:8081", `127.0.0.1:${server.grpcPort}`);
    const { stdout, stderr, exitCode } = await typed(here, {});
    expect(stdout).toMatch(/\d examples: \d passed; /);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });
});

describe("the examples of client --help", () => {
  // The one of an image is in test/cli/client.
  it("do what they say, one after the other", { timeout: 60_000 }, async () => {
    await using server = await serveFolder(`${ROOT}examples/digits`);
    await using folder = await folderWith({});
    const local = examplesOf("client").filter(({ command }) => !command.includes("--image"));
    for (const { command } of local) {
      const here = command.replace("http://localhost:8080", server.url).replace("/tmp", folder.path);
      const { stdout, stderr, exitCode } = await typed(here, {});
      expect(stdout).toMatch(/class DigitsModel|the client of digits/);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    }
  });
});

describe("the examples of bench --help", () => {
  // A sweep takes minutes: each is begun, and ended as by Ctrl-C once something was measured, unless it is through.
  it.each(examplesOf("bench").map(({ says, command }) => [says, command]))(
    "%s",
    { timeout: 120_000 },
    async (_says, command) => {
      await using server = await serveFolder(`${ROOT}examples/digits`);
      await using folder = await folderWith({});
      const here = command
        .replace("localhost:8081", `127.0.0.1:${server.grpcPort}`)
        .replace("bench.html", join(folder.path, "bench.html"));
      const { stdout, exitCode } = await typed(here, {}, /offered/);
      expect(stdout).toMatch(/^digits at /);
      expect([0, 143]).toContain(exitCode);
    },
  );
});

describe("the examples of completion --help", () => {
  it.each(examplesOf("completion").map(({ says, command }) => [says, command]))(
    "%s",
    async (_says, command) => {
      const { stdout, exitCode } = await typed(command, {});
      expect(stdout).toContain("complete -F _kserve_ts kserve-ts");
      expect(exitCode).toBe(0);
    },
  );
});

describe("the examples of build --help", () => {
  it.each(examplesOf("build").map(({ says, command }) => [says, command]))("%s", async (_says, command) => {
    const { stdout, exitCode } = await typed(command, {});
    expect(stdout).toMatch(/predictor|digits/);
    expect(exitCode).toBe(0);
  });
});

describe("the examples of eject --help", () => {
  it.each(examplesOf("eject").map(({ says, command }) => [says, command]))("%s", async (_says, command) => {
    const folder = /--to (\S+)/.exec(command)?.[1] as string;
    await rm(folder, { recursive: true, force: true });
    try {
      const { stdout, exitCode } = await typed(command, {});
      expect(stdout).toContain("Wrote Dockerfile");
      expect(exitCode).toBe(0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("the examples of inspect --help", () => {
  it.each(examplesOf("inspect").map(({ says, command }) => [says, command]))("%s", async (_says, command) => {
    await using folder = await scratch();
    await using registry = await MemoryRegistry.start();
    const base = await registryBase(folder.path, registry, "me/digits");
    const archive = await archiveBase(folder.path);
    const here = command.replace("ghcr.io/me/digits:1", base.name).replace("./digits.tar", archive);
    const { stdout, stderr, exitCode } = await typed(here, {});
    expect(stdout).toContain("linux/amd64");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });
});

describe("the examples of deploy --help", () => {
  it.each(examplesOf("deploy").map(({ says, command }) => [says, command]))("%s", async (_says, command) => {
    await using registry = await folderWith({});
    const env = { KUBECONFIG: join(registry.path, "none"), DOCKER_CONFIG: registry.path };
    const { stdout, stderr, exitCode } = await typed(command, env);
    expect(stdout).toMatch(/InferenceService/);
    expect({ stderr: stderr.replaceAll(/^warning: .*\n/gm, ""), exitCode }).toEqual({
      stderr: "",
      exitCode: 0,
    });
  });
});

/** Verbs that look at a deployment or change it; test/e2e/ops.e2e.test.ts runs them. */
const OPERATING = ["list", "describe", "get-url", "stop", "start", "delete", "promote", "rollback"];

it("every verb's examples are run by a test here, but those that need a Docker engine or a cluster", () => {
  const needMore = ["run", "diff", "logs", "doctor", ...OPERATING];
  const names = verbs.map(({ name }) => name).filter((name) => !needMore.includes(name));
  expect(names).toEqual([
    "init",
    "serve",
    "predict",
    "test",
    "client",
    "bench",
    "build",
    "eject",
    "inspect",
    "deploy",
    "completion",
  ]);
});
