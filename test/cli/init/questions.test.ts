import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { ROOT, folderWith } from "../run-cli.ts";

const DOWN = "\u001b[B";
const ENTER = "\r";
const CONTROL_C = "\u0003";

/** What to type once a text is on the screen. */
type Answer = readonly [question: string, keys: string];

/** `kserve-ts init` at a terminal of its own, which util-linux's `script` gives it, without a size. */
async function atTerminal(cwd: string, words: string, answers: readonly Answer[]) {
  const command = `stty cols 80 rows 24; exec "${process.execPath}" "${join(ROOT, "cli/main.ts")}" init ${words}`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd,
    env: { ...process.env, TERM: "xterm" },
  });
  let screen = "";
  let answered = 0;
  let seen = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += stripVTControlCharacters(text);
    const [question, keys] = answers[answered] ?? [];
    if (question === undefined || !screen.slice(seen).includes(question)) return;
    answered++;
    seen = screen.length;
    child.stdin.write(keys);
  });
  try {
    const [exitCode] = (await once(child, "close")) as [number | null];
    return { screen, exitCode };
  } finally {
    child.kill("SIGKILL");
  }
}

describe("init at a terminal", () => {
  it("asks for the name, the template, and whether to install", async () => {
    await using parent = await folderWith({});
    const { screen, exitCode } = await atTerminal(parent.path, "", [
      ["What is the model called?", `digits${ENTER}`],
      ["What does it start from?", `${DOWN}${ENTER}`],
      ["Run npm install?", `n${ENTER}`],
    ]);
    expect(screen).toContain("from the template onnx in digits");
    expect(exitCode).toBe(0);
    expect(await readdir(join(parent.path, "digits"))).toContain("image.ts");
  });

  it("says what is wrong with a name, and lets it be corrected", async () => {
    await using parent = await folderWith({});
    const { screen, exitCode } = await atTerminal(parent.path, "-t function", [
      ["What is the model called?", `My_Model${ENTER}`],
      ['such as "my-model"', `${"\u007f".repeat(8)}my-model${ENTER}`],
      ["Run npm install?", `n${ENTER}`],
    ]);
    expect(screen).toContain("from the template function in my-model");
    expect(exitCode).toBe(0);
  });

  it("asks nothing where all is said", async () => {
    await using parent = await folderWith({});
    const { screen, exitCode } = await atTerminal(parent.path, "loans -t function", []);
    expect(screen).toMatch(/^loans: \d+ files from the template function in loans\r\n/);
    expect(exitCode).toBe(0);
  });

  it("is left with Ctrl-C, and has written nothing", async () => {
    await using parent = await folderWith({});
    const { exitCode } = await atTerminal(parent.path, "", [
      ["What is the model called?", `digits${ENTER}`],
      ["What does it start from?", CONTROL_C],
    ]);
    expect(exitCode).toBe(130);
    expect(await readdir(parent.path)).toEqual([]);
  });
});
