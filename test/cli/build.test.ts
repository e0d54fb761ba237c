import { access, readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Cli, ROOT, folderWith, runCli } from "./run-cli.ts";

const PREDICTOR = { "predictor.ts": "export const predict = (_model: unknown, x: unknown) => x;" };

interface Event {
  readonly kind: string;
  readonly [member: string]: unknown;
}

const eventsOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);

describe("kserve-ts build --dry-run", () => {
  it("shows the layers and the Dockerfile, and tells each step on stderr", async () => {
    await using project = await folderWith({ ...PREDICTOR, "model/weights.bin": "w" });
    const { stdout, stderr, exitCode } = await runCli([
      "build",
      project.path,
      "--dry-run",
      "--platform",
      "linux/arm64",
    ]);
    expect(stderr.split("\n")).toEqual([
      "[1/3] bundle the predictor",
      "[2/3] look through the model",
      "[3/3] install the dependencies",
      "",
    ]);
    expect(stdout).toMatch(
      /^Plan of an image on node:24-bookworm-slim for linux\/arm64, [\d.]+ MB above it:\n/,
    );
    expect(stdout).toMatch(/\n {2}model +1 B +1 file +sha256:[0-9a-f]{64}\n/);
    expect(stdout).toContain('\nENTRYPOINT ["node",');
    expect(exitCode).toBe(0);
  });

  it("gives events and the plan as JSON, one a line", async () => {
    await using project = await folderWith({ ...PREDICTOR, "labels.json": "[]", "model/.env": "A=1" });
    const args = [
      "--dry-run",
      "-o",
      "json",
      "--include",
      "labels.json",
      "--label",
      "team=a=b",
      "--name",
      "seven",
    ];
    const { stdout, stderr, exitCode } = await runCli(["build", project.path, ...args]);
    const events = eventsOf(stdout);
    expect(events.map(({ kind }) => kind)).toEqual(["step", "step", "step", "plan"]);
    expect(events.at(-1)).toMatchObject({
      image: { labels: { team: "a=b", "io.kserve-ts.model-name": "seven" }, user: "65532:65532" },
      warnings: [expect.stringContaining(".env of")],
    });
    expect(JSON.stringify(events.at(-1))).toContain("/app/labels.json");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });

  it("puts a server of less than 5 MB into the image, its compile cache counted, and no bundler", async () => {
    await using project = await folderWith(PREDICTOR);
    const { stdout } = await runCli(["build", project.path, "--dry-run", "-o", "json", "--engine", "oci"]);
    const { layers } = eventsOf(stdout).at(-1) as unknown as {
      layers: { name: string; bytes: number; files: string[] }[];
    };
    const server = layers.find(({ name }) => name === "server");
    expect(server?.bytes).toBeLessThan(5 * 1024 * 1024);
    expect(server?.files.filter((path) => path.includes("/cache/")).length).toBeGreaterThan(1);
    const code = await readFile(join(ROOT, "dist/image/lib/kserve-ts.js"), "utf8");
    expect(code).not.toMatch(/dockerode|tar-stream|Plan of an image/);
  });

  it.each([
    ["without a name", [], 2, "build needs the image's name"],
    ["with a label that is no pair", ["--dry-run", "--label", "x"], 2, '--label is "x", expected name=value'],
    [
      "of a platform there is none for",
      ["--dry-run", "--platform", "windows/amd64"],
      2,
      "expected one of linux/amd64",
    ],
    ["of a model that is not there", ["--dry-run", "--model", "gone"], 3, "gone does not exist"],
    [
      "of a file that is not there",
      ["--dry-run", "--include", "x.json"],
      3,
      "--include x.json finds no file",
    ],
  ])("is refused %s", async (_what, args, exitCode, message) => {
    await using project = await folderWith(PREDICTOR);
    const ended = await runCli(["build", project.path, ...args]);
    expect(ended.stderr).toContain(message);
    expect(ended.exitCode).toBe(exitCode);
  });

  it("says where an import leads nowhere", async () => {
    await using project = await folderWith({
      "predictor.ts": 'import x from "left-pad";\nexport const predict = x;',
    });
    const { stderr, exitCode } = await runCli(["build", project.path, "--dry-run"]);
    expect(stderr).toContain('error: predictor.ts:1:15: Could not resolve "left-pad"\n  1 | import x from');
    expect(stderr).toContain("hint: Run npm install left-pad in ");
    expect(exitCode).toBe(3);
  });

  it("ends with 130 when Ctrl-C cancels it, and leaves no half of its work", async () => {
    await using project = await folderWith({
      "predictor.ts": 'import "n"; export const predict = (_model: unknown, x: unknown) => x;',
      "package.json": "{}",
      "node_modules/n/package.json": '{"name":"n","version":"1.0.0"}',
      "node_modules/n/index.js": "",
      // A registry that never answers: the address is for documentation.
      ".npmrc": "registry=http://192.0.2.1/\n",
    });
    await using cache = await folderWith({});
    const env = { KSERVE_TS_CACHE_DIR: cache.path };
    const args = ["build", project.path, "--dry-run", "--external", "n"];
    await using cli = new Cli(args, { env });
    await cli.until("stderr", /install the dependencies/);
    cli.signal("SIGINT");
    expect((await cli.ended).exitCode).toBe(130);
    expect(await readdir(join(cache.path, "dependencies"))).toEqual([]);
  });
});

describe("kserve-ts eject", () => {
  it("writes the Dockerfile and its context, which serves from where it lies", async () => {
    await using project = await folderWith({ ...PREDICTOR, "kserve.config.json": '{"model":{"workers":1}}' });
    await using target = await folderWith({});
    const to = join(target.path, "image");
    const { stdout, exitCode } = await runCli(["eject", project.path, "--to", to, "--name", "echo"]);
    expect(stdout).toContain("Wrote Dockerfile, server/, predictor/, config/ to ");
    expect(exitCode).toBe(0);
    expect(await readdir(to)).toEqual(["Dockerfile", "config", "predictor", "server"]);
    expect((await stat(join(to, "predictor/app/predictor.js"))).mode & 0o777).toBe(0o644);
    const server = join(to, "server/opt/kserve-ts/lib/kserve-ts.js");
    const program = [process.execPath, server] as const;
    await access(server);
    await using cli = new Cli(["serve", join(to, "predictor/app"), "--http_port", "0"], { program });
    await cli.until("stdout", /serves .*, ready after/);
    cli.signal("SIGTERM");
    expect((await cli.ended).exitCode).toBe(0);
  });

  it("does not write over what is there", async () => {
    await using project = await folderWith(PREDICTOR);
    const { stderr, exitCode } = await runCli(["eject", project.path, "--to", project.path]);
    expect(stderr).toContain("is not empty");
    expect(exitCode).toBe(3);
  });
});
