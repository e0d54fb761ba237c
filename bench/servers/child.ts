import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type Core, pinned } from "./pinning.ts";

const STDERR_CHARACTERS = 4_000;
const KILL_AFTER_MS = 5_000;

/** A process of the benchmark, ended with its scope. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  #stderr = "";
  readonly #exited: Promise<unknown>;

  /**
   * Runs a Node script, or another `program`; `ipc` opens a message channel to it, `env` is added to the environment.
   */
  constructor(
    args: readonly string[],
    options: {
      readonly core: Core | undefined;
      readonly ipc?: boolean;
      readonly program?: string;
      readonly env?: Readonly<Record<string, string>>;
    },
  ) {
    const program = options.program ?? process.execPath;
    const [command, ...rest] = pinned([program, ...args], options.core) as [string, ...string[]];
    const stdio =
      options.ipc === true
        ? (["ignore", "ignore", "pipe", "ipc"] as const)
        : (["ignore", "ignore", "pipe"] as const);
    this.process = spawn(command, rest, { stdio: [...stdio], env: { ...process.env, ...options.env } });
    this.#exited = once(this.process, "exit");
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS);
    });
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** Undefined while it runs; else why it ended. */
  get ended(): string | undefined {
    const { exitCode, signalCode } = this.process;
    if (exitCode === null && signalCode === null) return undefined;
    return `ended with ${signalCode ?? exitCode}:\n${this.#stderr}`;
  }

  /** Sends a message and waits for the answer. */
  async ask<Answer>(message: unknown): Promise<Answer> {
    this.process.send?.(message as object);
    return this.receive<Answer>();
  }

  /** The next message. @throws Error when the process ends first */
  async receive<Answer>(): Promise<Answer> {
    const ended = this.#exited.then(() => {
      throw new Error(`a process of the benchmark ${this.ended}`);
    });
    const [answer] = (await Promise.race([once(this.process, "message"), ended])) as [Answer];
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended !== undefined) return;
    this.process.kill("SIGTERM");
    const timer = setTimeout(() => this.process.kill("SIGKILL"), KILL_AFTER_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}
