import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { productVersion } from "../../runtime/product-version.ts";
import { ROOT, folderWith } from "./run-cli.ts";

const FOLDER = join(ROOT, "test/cli/scripts");

interface Step {
  readonly command: string;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly exitCode: number;
}

interface Script {
  readonly steps: readonly Step[];
  readonly files: Readonly<Record<string, string>>;
}

function readScript(text: string): Script {
  const [commands = "", ...sections] = text.split(/^-- (.+) --\n/m);
  const files: Record<string, string> = {};
  for (let at = 0; at < sections.length; at += 2) files[sections[at] as string] = sections[at + 1] ?? "";
  const [, ...parts] = commands.split(/^\$ /m);
  const steps = parts.map((part): Step => {
    const [command = "", ...lines] = part
      .trimEnd()
      .split("\n")
      .filter((line) => !line.startsWith("#"));
    const codes = lines.filter((line) => line.startsWith("? "));
    const expected = lines.filter((line) => !line.startsWith("? "));
    return {
      command,
      stdout: expected.filter((line) => !line.startsWith("!")),
      stderr: expected.filter((line) => line.startsWith("!")).map((line) => line.slice(2)),
      exitCode: Number(codes[0]?.slice(2) ?? "0"),
    };
  });
  return { steps, files };
}

/** A pattern for the whole of an output; without wildcards it is compared as it is, for a readable difference. */
function expectOutput(found: string, lines: readonly string[]): void {
  const expected = lines.join("\n");
  const text = found.trimEnd();
  if (!/\[\.\.\]|^\.\.\.$/m.test(expected)) return expect(text).toBe(expected);
  const pattern = lines
    .map((line) => (line === "..." ? "(?:.*\\n)*?" : `${line.split("[..]").map(escaped).join(".*")}\n`))
    .join("");
  if (!new RegExp(`^${pattern}$`).test(`${text}\n`)) expect(text).toBe(expected);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Types a command; `kserve-ts` is the command line's source. Nothing of this process's settings reaches it. */
async function type(command: string, cwd: string) {
  const prelude = `kserve-ts() { "${process.execPath}" "${ROOT}cli/main.ts" "$@"; }`;
  const { PATH, HOME } = process.env;
  const shell = spawn("bash", ["-c", `${prelude}\n${command}`], {
    cwd,
    env: { PATH, HOME, KUBECONFIG: "none" },
  });
  const said = { stdout: "", stderr: "" };
  for (const output of ["stdout", "stderr"] as const) {
    shell[output].setEncoding("utf8").on("data", (text: string) => (said[output] += text));
  }
  shell.stdin.end();
  const [exitCode] = (await once(shell, "close")) as [number | null];
  return { ...said, exitCode };
}

describe("the command line", async () => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".script"));

  it.concurrent.for(names)("%s", { timeout: 120_000 }, async (name) => {
    const { steps, files } = readScript(await readFile(join(FOLDER, name), "utf8"));
    expect(steps.length).toBeGreaterThan(0);
    await using folder = await folderWith(files);
    for (const { command, stdout, stderr, exitCode } of steps) {
      const found = await type(command, folder.path);
      const plain = (text: string): string =>
        text.replaceAll(folder.path, "<folder>").replaceAll(productVersion(), "<version>");
      expectOutput(plain(found.stderr), stderr);
      expectOutput(plain(found.stdout), stdout);
      expect({ command, exitCode: found.exitCode }).toEqual({ command, exitCode });
    }
  });
});
