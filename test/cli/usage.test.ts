import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ECHO, servePredictor } from "../runtime/serving.ts";
import { Cli, folderWith, runCli } from "./run-cli.ts";

describe("a wrong command line", () => {
  it.each([
    [
      "an unknown verb",
      ["serv"],
      'there is no verb "serv"',
      "Did you mean kserve-ts serve? kserve-ts --help lists the verbs.",
    ],
    [
      "a folder without a verb",
      ["examples/digits"],
      'there is no verb "examples/digits"',
      "Did you mean kserve-ts serve examples/digits? kserve-ts --help lists the verbs.",
    ],
    [
      "help of an unknown verb",
      ["help", "predcit"],
      'there is no verb "predcit"',
      "Did you mean kserve-ts predict? kserve-ts --help lists the verbs.",
    ],
    [
      "a mistyped option",
      ["serve", "--http_prot", "8080"],
      "there is no option --http_prot",
      "Did you mean --http_port? kserve-ts serve --help lists what it takes.",
    ],
    [
      "a verb's option in front of it",
      ["--workers", "2", "serve"],
      "there is no option --workers",
      "A verb's options come after its name; kserve-ts --help lists the others.",
    ],
    [
      "a value that is none",
      ["serve", "--workers", "many"],
      '--workers is "many", expected an integer from 1 to 512',
      "Run the command with --help.",
    ],
    [
      "an argument too many",
      ["serve", "a", "b"],
      'unexpected argument "b": serve takes only dir',
      "kserve-ts serve --help lists what it takes.",
    ],
    [
      "a file where an option has to say what it is",
      ["predict", "request.json"],
      'unexpected argument "request.json": predict takes no arguments',
      "Did you mean --input request.json?",
    ],
    ["no input", ["predict"], "predict needs --input", "Give a file of JSON, or - for stdin."],
  ])("%s ends with 2, a message and a hint", async (_name, args, message, hint) => {
    expect(await runCli(args)).toEqual({
      stdout: "",
      stderr: `error: ${message}\nhint: ${hint}\n`,
      exitCode: 2,
    });
  });

  it("in the environment names the variable", async () => {
    const env = { KSERVE_TS_WORKERS: "many" };
    const { stderr, exitCode } = await runCli(["serve"], { env });
    expect(stderr).toMatch(/^error: KSERVE_TS_WORKERS is "many", expected an integer from 1 to 512\nhint: /);
    expect(exitCode).toBe(2);
  });

  it.each([
    ["behind the verb", ["serve", "--typo", "--verbose"]],
    ["in front of it", ["--verbose", "serve", "--typo"]],
  ])("has its code and stack with --verbose %s", async (_name, args) => {
    const { stderr, exitCode } = await runCli(args);
    expect(stderr).toMatch(
      /^error: there is no option --typo\nhint: .+\ncode: KTS_USAGE\nKtsError: there is no option --typo\n {4}at /,
    );
    expect(exitCode).toBe(2);
  });
});

describe("a bug of ours", () => {
  /** Throws where nobody waits, once the verb reads stdin. */
  const BUG = `process.stdin.on("newListener", () => setTimeout(() => { throw new TypeError("no such thing"); }));`;
  const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(BUG)}` };

  it("ends with 70, without a stack", async () => {
    expect(await runCli(["predict", "--input", "-"], { env })).toEqual({
      stdout: "",
      stderr:
        "error: TypeError: no such thing\nhint: This is a bug in kserve-ts; please report it with what --verbose shows.\n",
      exitCode: 70,
    });
  });

  it("has its stack with --verbose", async () => {
    const { stderr } = await runCli(["predict", "--input", "-", "--verbose"], { env });
    expect(stderr).toMatch(/\ncode: KTS_INTERNAL\n.*\ncaused by: TypeError: no such thing\n {4}at /s);
  });
});

describe("output that cannot be written", () => {
  it.skipIf(!existsSync("/dev/full"))("is a failure", async () => {
    await using server = await servePredictor(ECHO);
    await using folder = await folderWith({ "one.json": "[1]" });
    const command = `exec "$0" cli/main.ts predict --url ${server.url} -i ${folder.path}/one.json > /dev/full`;
    await using shell = new Cli([command, process.execPath], { program: ["/bin/sh", "-c"] });
    const { stderr, exitCode } = await shell.ended;
    expect(stderr).toMatch(/^error: stdout cannot be written: ENOSPC: /);
    expect(exitCode).toBe(70);
  });
});

describe("the reader of the output", () => {
  it("may go away before help is written", async () => {
    await using cli = new Cli(["--help"]);
    cli.process.stdout?.destroy();
    const { stderr, exitCode } = await cli.ended;
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });

  it("may go away while a server greets and logs: it serves on, and stops as usual", async () => {
    await using folder = await folderWith({
      "predictor.mjs": `
        export const execution = "inline";
        export const predict = (_model, instances, ctx) => { ctx.log.warn("seen"); return instances; };
      `,
    });
    await using cli = new Cli(["serve", folder.path, "--http_port", "0", "--log_format", "json"]);
    cli.process.stdout?.destroy();
    const [, url] = await cli.until("stderr", /"url":"(http:[^"]+)".*"msg":"ready"/);
    cli.process.stderr?.destroy();
    const name = new URL(folder.path, "file:").pathname.split("/").at(-1) as string;
    for (const instance of [1, 2]) {
      const answer = await fetch(`${url}/v1/models/${name}:predict`, {
        method: "POST",
        body: JSON.stringify({ instances: [instance] }),
      });
      expect(await answer.json()).toEqual({ predictions: [instance] });
    }
    cli.signal("SIGTERM");
    expect((await cli.ended).exitCode).toBe(0);
  });
});
