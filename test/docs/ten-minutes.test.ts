import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Cli, ROOT } from "../cli/run-cli.ts";
import { type Block, type Page, readPages, wordOf } from "./documents.ts";

/**
 * Does what docs/01-ten-minutes.md says, in its order: commands of `console` blocks are typed, `diff` blocks applied, and
 * what the page says is printed has to be. `...` on a line of its own stands for lines that are left out. The packages that
 * npm would install are this checkout's.
 */
const page = (await readPages()).find(({ path }) => path === "docs/01-ten-minutes.md") as Page;
const blocks = page.blocks.filter(({ language }) => ["console", "diff", "text"].includes(language));

let home: string;
let folder: string;
let server: Cli | undefined;
let url = "";

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kserve-ts-ten-minutes-"));
  folder = home;
  // `npx kserve-ts` is the command line's source.
  await writeFile(
    join(home, "npx"),
    `#!/bin/sh\nshift\nexec "${process.execPath}" "${ROOT}cli/main.ts" "$@"\n`,
  );
  await chmod(join(home, "npx"), 0o755);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** A text with what differs from run to run, and from machine to machine, made the same. */
function plain(text: string): string {
  return text
    .replaceAll(/\d+(?:\.\d+)? (ms|s)\b/g, "N $1")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1")
    .replaceAll(/kserve-ts \d+\.\d+\.\d+/g, "kserve-ts")
    .replaceAll(/\d+ x \d+ engine threads?/g, "N engine threads")
    .trim();
}

/** Expects an output, where a line `...` stands for any. */
function expectOutput(printed: string, shown: string): void {
  const parts = plain(shown).split(/^\.\.\.$/m);
  if (parts.length === 1) return expect(plain(printed)).toBe(parts[0]);
  let rest = plain(printed);
  for (const part of parts.map((each) => each.trim())) {
    expect(rest).toContain(part);
    rest = rest.slice(rest.indexOf(part) + part.length);
  }
}

/** The commands of a block, each with what is shown below it. */
function typedIn({ code }: Block): { command: string; shown: string }[] {
  return code
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = "", ...lines] = part.split("\n");
      return { command, shown: lines.join("\n") };
    });
}

async function type(command: string): Promise<string> {
  const line = url === "" ? command : command.replaceAll("http://127.0.0.1:8080", url);
  const env = { ...process.env, PATH: `${home}:${process.env["PATH"]}`, KSERVE_TS_URL: url, NO_COLOR: "1" };
  const shell = spawn("/bin/sh", ["-c", line], { cwd: folder, env });
  let stdout = "";
  shell.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  shell.stderr.resume();
  await once(shell, "close");
  return stdout;
}

async function serve(args: readonly string[], shown: string): Promise<void> {
  server = new Cli([...args, "--http_port", "0"], { cwd: folder });
  [, url = ""] = await server.until("stdout", /V1 +(http:\/\/127\.0\.0\.1:\d+)/);
  await server.until("stdout", /examples\/seven\.json\n/);
  expectOutput(server.stdout, shown);
}

async function applyDiff(block: Block): Promise<void> {
  const file = join(folder, wordOf(block, "file") ?? "");
  const linesWith = (sign: string) =>
    block.code
      .split("\n")
      .filter((line) => line.startsWith(sign))
      .map((line) => line.slice(1))
      .join("\n");
  const text = await readFile(file, "utf8");
  expect(text).toContain(linesWith("-"));
  await writeFile(file, text.replace(linesWith("-"), linesWith("+")));
}

it("ten minutes go as the page says", { timeout: 240_000 }, async () => {
  expect(blocks.length).toBeGreaterThan(6);
  for (const block of blocks) {
    if (block.language === "diff") {
      await applyDiff(block);
    } else if (block.language === "text") {
      await server?.until("stdout", /predictor\.ts changed: .*\n/);
      const lines = server?.stdout.trimEnd().split("\n") ?? [];
      expectOutput(lines.at(-1) ?? "", block.code);
    } else {
      for (const { command, shown } of typedIn(block)) {
        const own = /^npx kserve-ts (serve .*)$/.exec(command)?.[1];
        if (command.startsWith("cd ")) folder = join(folder, command.slice(3));
        else if (own !== undefined) await serve(own.split(" "), shown);
        else if (command !== "npm install") expectOutput(await type(command), shown);
      }
    }
  }
});
