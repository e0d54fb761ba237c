import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Cli, ROOT } from "../cli/run-cli.ts";
import { commandProblem } from "../docs/command-problem.ts";
import { commandsOfLine, ownWords } from "../docs/shell.ts";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly jobs: Readonly<
    Record<string, { readonly needs?: string; readonly "runs-on": string; readonly steps: readonly Step[] }>
  >;
}

const workflow = parse(await readFile(join(ROOT, "examples/ci/workflow.yaml"), "utf8")) as Workflow;
const runs = Object.values(workflow.jobs)
  .flatMap(({ steps }) => steps)
  .flatMap(({ run }) => (run === undefined ? [] : [run]));
const ours = runs
  .flatMap((run) => commandsOfLine(run.replaceAll(/\$\{\{[^}]*\}\}/g, "someone")))
  .map(ownWords)
  .filter((words) => words !== undefined);

describe("the workflow of examples/ci", () => {
  it("has jobs of steps that use an action or run a command", () => {
    expect(Object.keys(workflow.on)).toEqual(["push", "pull_request"]);
    expect(workflow.jobs["deploy"]?.needs).toBe("check");
    for (const { steps, "runs-on": system } of Object.values(workflow.jobs)) {
      expect(system).toMatch(/^ubuntu-/);
      for (const { uses, run } of steps)
        expect([uses, run].filter((part) => part !== undefined)).toHaveLength(1);
    }
  });

  it("tests, builds, deploys, and tests what is deployed", () => {
    expect(ours.map(([verb]) => verb)).toEqual(["test", "build", "deploy", "test"]);
  });

  it.each(ours.map((words) => [words.join(" "), words] as const))(
    "kserve-ts %s is a command",
    async (_, words) => {
      expect(await commandProblem(words)).toBeUndefined();
    },
  );
});

describe("the quality gate", () => {
  const gate = (...args: string[]) => {
    const program = ["--import", "./test/examples/from-source.ts", "examples/ci/gate.ts"];
    const [first = "", ...rest] = [...program, "examples/digits", "examples/ci/labelled.json", ...args];
    return new Cli(rest, { program: [process.execPath, first] });
  };

  it.each([
    ["lets a model pass that is right often enough", "0.8", 0],
    ["stops one that is not", "0.9", 1],
  ])("%s", async (_says, least, exitCode) => {
    await using run = gate("--min-accuracy", least);
    const ended = await run.ended;
    expect(ended).toEqual({
      stdout: `7 of 8 are right: accuracy 0.875, at least ${least} is wanted\n`,
      stderr: "",
      exitCode,
    });
  });
});
