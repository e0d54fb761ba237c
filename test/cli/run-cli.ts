import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The repository's root, where the examples of `--help` are typed. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const SOURCE: readonly [string, string] = [process.execPath, join(ROOT, "cli/main.ts")];

/** How a command is run. */
export interface RunOptions {
  /** Variables beside PATH and HOME; what the test's own environment has of ours does not reach it. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from stdin. */
  readonly input?: string;
  /** Default: the repository's root. */
  readonly cwd?: string;
  /** The program and what it is given first. Default: Node and the command line's source. */
  readonly program?: readonly [string, ...string[]];
}

/** A command that has ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();
// A test that takes too long is left where it is, and what it holds would outlive the run.
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  for (const path of folders) await rm(path, { recursive: true, force: true });
});

/** The real command line as a process, from its sources. Ended with its scope. */
export class Cli implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #ended: Promise<Ended>;
  stdout = "";
  stderr = "";

  constructor(
    args: readonly string[],
    { env = {}, input = "", cwd = ROOT, program = SOURCE }: RunOptions = {},
  ) {
    const [file, ...first] = program;
    this.process = spawn(file, [...first, ...args], { cwd, env: { ...usualEnv(), ...env } });
    running.add(this.process);
    this.process.once("exit", () => running.delete(this.process));
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.process.stdin?.on("error", () => undefined).end(input);
    this.#ended = once(this.process, "close").then(([exitCode]: unknown[]) => ({
      stdout: this.stdout,
      stderr: this.stderr,
      exitCode: exitCode as number | null,
    }));
  }

  /** Resolves when it has ended by itself. */
  get ended(): Promise<Ended> {
    return this.#ended;
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** Waits until an output has what a pattern asks for. @throws Error when it ends first */
  async until(output: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[output]);
      if (match !== null) return match;
      const more = once(this.process[output] as NodeJS.ReadableStream, "data");
      const over = this.#ended.then((ended) => {
        if (pattern.test(ended[output])) return;
        throw new Error(`it ended (${ended.exitCode}) without ${pattern}:\n${ended.stdout}\n${ended.stderr}`);
      });
      await Promise.race([more, over]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill("SIGKILL");
    await this.#ended;
  }
}

/** Node's own folder for it; without it every process would strip the types of all our sources again. */
const COMPILE_CACHE = join(tmpdir(), "node-compile-cache");

function usualEnv(): Record<string, string> {
  const { PATH = "", HOME = "", LANG = "C.UTF-8" } = process.env;
  const path = `${dirname(process.execPath)}:${PATH}`;
  return { PATH: path, HOME, LANG, COLUMNS: "80", NODE_COMPILE_CACHE: COMPILE_CACHE };
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options?: RunOptions): Promise<Ended> {
  await using cli = new Cli(args, options);
  return await cli.ended;
}

/** A server that has greeted. */
export interface ServingCli {
  readonly cli: Cli;
  readonly url: string;
  /** What it printed on stdout. */
  readonly banner: string;
}

/** Waits for the banner of `serve`. */
export async function untilServing(cli: Cli): Promise<ServingCli> {
  await cli.until("stdout", /(?:Try|Call) it:\n.+\n/);
  const url = /V1 +(\S+)\/v1\/models\//.exec(cli.stdout)?.[1] as string;
  return { cli, url, banner: cli.stdout };
}

/** A folder for one test, with files in it. */
export async function folderWith(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "kserve-ts-cli-"));
  folders.add(path);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
