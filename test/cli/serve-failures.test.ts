import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith, runCli } from "./run-cli.ts";

const MODELS = "test/fixtures/models";

/** Runs `serve` of what does not get ready. */
async function refused(folder: string, ...more: string[]) {
  const { stdout, stderr, exitCode } = await runCli(["serve", folder, "--http_port", "0", ...more]);
  expect(stdout).toBe("");
  return { lines: stderr.trimEnd().split("\n"), stderr, exitCode };
}

describe("a model file that does not load ends with 4 and one clear message", () => {
  it.each([
    ["truncated.onnx", /is cut short or damaged/, /^Copy the file again/],
    ["empty.onnx", /is empty$/, /^Copy the file again/],
    ["notamodel.onnx", /is text, not an ONNX model/, /^Export the model again/],
    ["future-opset.onnx", /needs opset 999 of ai\.onnx/, /^Export the model with an older opset_version/],
    [
      "missing-external-data.onnx",
      /keeps its weights in weights\.bin, which is not beside it/,
      /^Copy the ext/,
    ],
    ["zipmap-output.onnx", /output_probability that is no tensor/, /zipmap/],
  ])("%s", async (file, message, hint) => {
    const { lines, exitCode } = await refused(`${MODELS}/broken/${file}`);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^error: /);
    expect(lines[0]).toContain(file);
    expect(lines[0]).toMatch(message);
    expect(lines[1]?.replace("hint: ", "")).toMatch(hint);
    expect(exitCode).toBe(4);
  });

  it("has its stack with --verbose", async () => {
    const { stderr, exitCode } = await refused(`${MODELS}/broken/empty.onnx`, "--verbose");
    expect(stderr).toMatch(/^error: .+\nhint: .+\ncode: KTS_MODEL_FILE_INVALID\nKtsError: .+\n {4}at /);
    expect(exitCode).toBe(4);
  });
});

describe("a predictor that cannot be served ends with 3", () => {
  it("where it does not parse, with the place", async () => {
    await using folder = await folderWith({ "predictor.ts": "\nexport const predict = (_m, x => x;\n" });
    const { stderr, exitCode } = await refused(folder.path);
    expect(stderr).toMatch(/^error: predictor\.ts:2:\d+: /);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(exitCode).toBe(3);
  });

  it("where it exports nothing usable", async () => {
    await using folder = await folderWith({ "predictor.js": "export const version = 1;" });
    const { lines, exitCode } = await refused(folder.path);
    expect(lines[0]).toMatch(/^error: predictor\.js exports no predict/);
    expect(lines[1]).toMatch(/^hint: Export predict/);
    expect(lines).toHaveLength(2);
    expect(exitCode).toBe(3);
  });

  it("where there is none, naming where it was looked for", async () => {
    await using folder = await folderWith({ "handler.ts": "" });
    const { lines, exitCode } = await refused(folder.path);
    expect(lines).toEqual([
      expect.stringContaining(`no predictor (predictor.ts, .mts, .js or .mjs) in ${folder.path}`),
      "hint: Found handler.ts: did you mean predictor.ts?",
    ]);
    expect(exitCode).toBe(3);
  });

  it("where the folder does not exist", async () => {
    const { lines, exitCode } = await refused("there/is/none");
    expect(lines).toEqual([
      "error: there/is/none does not exist",
      "hint: Give the folder of a predictor or model.",
    ]);
    expect(exitCode).toBe(3);
  });
});

describe("a predictor whose load throws", () => {
  const FOLDER = "test/fixtures/predictors/load-throws";

  it("ends with 4 and what it threw", async () => {
    const { lines, exitCode } = await refused(FOLDER);
    expect(lines).toEqual([
      "error: load threw Error : the weights are gone",
      "hint: Correct what load does; --verbose shows its stack.",
    ]);
    expect(exitCode).toBe(4);
  });

  it("ends with 4 and where to look, where it ends the thread", async () => {
    const { lines, exitCode } = await refused("test/fixtures/predictors/load-exits");
    expect(lines).toEqual([
      expect.stringMatching(/^error: the worker died while it loaded the model: it exited with code \d+$/),
      "hint: Look for process.exit, an exception outside of load, or too little memory.",
    ]);
    expect(exitCode).toBe(4);
  });

  it("shows its own stack with --verbose", async () => {
    const { stderr } = await refused(FOLDER, "--verbose");
    expect(stderr).toMatch(
      /\ncode: KTS_LOAD_FAILED\nError: the weights are gone\n.*load-throws\/predictor\.js:2:/,
    );
  });

  it("shows the causes with --verbose, where it runs inline", async () => {
    await using folder = await folderWith({
      "predictor.mjs": `
        export const execution = "inline";
        export const load = () => { throw new Error("outer", { cause: new RangeError("inner") }); };
        export const predict = () => 1;
      `,
    });
    const { stderr } = await refused(folder.path, "--verbose");
    expect(stderr).toMatch(
      /\nKtsError: load threw.*\ncaused by: Error: outer\n.*\ncaused by: RangeError: inner\n/s,
    );
  });
});

describe("a port that is taken", () => {
  it("ends with 5 and names the flag", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    try {
      expect(await runCli(["serve", "examples/digits", "--http_port", String(port)])).toEqual({
        stdout: "",
        stderr: `error: port ${port} on 127.0.0.1 is in use by another program; choose another with --http_port.\n`,
        exitCode: 5,
      });
    } finally {
      taken.close();
    }
  });
});

describe("the termination log of a container", () => {
  it.each([
    [
      "a model that does not load",
      ["serve", `${MODELS}/broken/empty.onnx`, "--http_port", "0"],
      "empty.onnx is empty",
    ],
    ["a wrong flag", ["serve", "--http_prot", "1"], "there is no option --http_prot"],
  ])("has the reason: %s", async (_name, args, reason) => {
    await using folder = await folderWith({ log: "what was there before, and is longer".repeat(20) });
    const path = join(folder.path, "log");
    const { stderr } = await runCli(args, { env: { KSERVE_TS_TERMINATION_LOG: path } });
    const text = await readFile(path, "utf8");
    expect(text).toContain(reason);
    expect(stderr).toBe(`${text}\n`);
  });

  it("is not made where there is none", async () => {
    await using folder = await folderWith({});
    const path = join(folder.path, "log");
    const { exitCode } = await runCli(["serve", "--typo"], { env: { KSERVE_TS_TERMINATION_LOG: path } });
    expect(exitCode).toBe(2);
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });

  it("is left alone by a verb that the container does not run", async () => {
    await using folder = await folderWith({ log: "the server's own" });
    const path = join(folder.path, "log");
    await runCli(["predict"], { env: { KSERVE_TS_TERMINATION_LOG: path } });
    expect(await readFile(path, "utf8")).toBe("the server's own");
  });
});
