import { execFile, spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Cli, folderWith } from "./run-cli.ts";

const run = promisify(execFile);

/** A folder with a completion script, and something to complete the names of. */
async function completions(shell: string) {
  await using cli = new Cli(["completion", shell]);
  const { stdout, stderr, exitCode } = await cli.ended;
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const folder = await folderWith({ "input one.json": "{}", script: stdout });
  await mkdir(join(folder.path, "digits"));
  return folder;
}

const isThere = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

describe("the completion script for bash", () => {
  it("completes verbs, flags, their words, files and folders", async () => {
    await using folder = await completions("bash");
    const ask = async (...words: string[]): Promise<string[]> => {
      const script =
        'source ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kserve_ts; printf "%s\\n" "${COMPREPLY[@]}"';
      const { stdout } = await run("bash", ["-c", script, "bash", "kserve-ts", ...words], {
        cwd: folder.path,
      });
      return stdout.split("\n").filter((line) => line !== "");
    };
    expect(await ask("de")).toEqual(["deploy", "describe", "delete"]);
    expect(await ask("help", "insp")).toEqual(["inspect"]);
    expect(await ask("--ver")).toEqual(["--version", "--verbose"]);
    expect(await ask("deploy", "--atom")).toEqual(["--atomic"]);
    expect(await ask("deploy", "-o", "")).toEqual(["table", "json", "yaml"]);
    // As bash parts it.
    expect(await ask("deploy", "--output", "=", "y")).toEqual(["yaml"]);
    expect(await ask("deploy", "--output", "=")).toEqual(["table", "json", "yaml"]);
    expect(await ask("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(await ask("predict", "--input", "in")).toEqual(["input one.json"]);
    expect(await ask("serve", "d")).toEqual(["digits"]);
    expect(await ask("serve", "--model_name", "m", "d")).toEqual(["digits"]);
    expect(await ask("serve", "digits", "d")).toEqual([]);
    expect(await ask("deploy", "--name", "")).toEqual([]);
  });
});

describe.runIf(isThere("zsh"))("the completion script for zsh", () => {
  // A terminal of its own, in which somebody presses the tabulator.
  const PRESS = `
    zmodload zsh/zpty
    zpty -b z zsh -f -i
    zpty -w z "autoload -Uz compinit; compinit -u -D; source script; echo RE''ADY"
    zpty -r z out '*READY*'
    zpty -w -n z "$1"$'\\t'
    zpty -r z out "*$2*"
    print -r -- "$out"
    zpty -d z`;

  it.for([
    { typed: "kserve-ts desc", completed: "describe" },
    { typed: "kserve-ts de", completed: "delete" },
    { typed: "kserve-ts deploy --atom", completed: "--atomic" },
    { typed: "kserve-ts deploy -o ya", completed: "yaml" },
    { typed: "kserve-ts deploy --output=ya", completed: "yaml" },
    { typed: "kserve-ts completion fi", completed: "fish" },
    { typed: "kserve-ts predict --input inp", completed: "input" },
    { typed: "kserve-ts serve dig", completed: "digits" },
  ])("completes $typed", async ({ typed, completed }) => {
    await using folder = await completions("zsh");
    const options = { cwd: folder.path, timeout: 20_000 };
    const { stdout } = await run("zsh", ["-f", "-c", PRESS, "zsh", typed, completed], options);
    expect(stdout).toContain(completed);
  });
});

describe.runIf(isThere("fish"))("the completion script for fish", () => {
  it("completes verbs, flags, their words, files and folders", async () => {
    await using folder = await completions("fish");
    const ask = async (typed: string): Promise<string[]> => {
      const script = `source script; complete -C "kserve-ts ${typed}"`;
      const { stdout } = await run("fish", ["--no-config", "-c", script], { cwd: folder.path });
      return stdout.split("\n").flatMap((line) => line.split("\t")[0] || []);
    };
    expect(await ask("de")).toEqual(["delete", "deploy", "describe"]);
    expect(await ask("help insp")).toEqual(["inspect"]);
    expect(await ask("deploy --atom")).toEqual(["--atomic"]);
    expect(await ask("deploy -o ")).toEqual(["json", "table", "yaml"]);
    expect(await ask("completion ")).toEqual(["bash", "fish", "zsh"]);
    expect(await ask("predict --input in")).toEqual(["input one.json"]);
    expect(await ask("serve d")).toEqual(["digits/"]);
    expect(await ask("deploy --name ")).toEqual([]);
  });
});

it("says which shells there are", async () => {
  await using cli = new Cli(["completion", "powershell"]);
  const { stderr, exitCode } = await cli.ended;
  expect(exitCode).toBe(2);
  expect(stderr).toContain('<shell> is "powershell", expected one of bash, zsh, fish');
});
