import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { KtsError } from "../../../contract/errors.ts";
import type { BenchSettings, ServerFacts } from "../settings.ts";
import type { ServerMessage, ServerOrder, ServerUsage } from "./messages.ts";

const FROM_SOURCE = import.meta.url.endsWith(".ts");
const MAIN = fileURLToPath(new URL(FROM_SOURCE ? "./main.ts" : "./bench-server.js", import.meta.url));

const LOG_CHARACTERS = 2_000;
const KILL_AFTER_MS = 10_000;

/** A server of a project in a process of its own, ended with its scope. */
export class OwnServer implements AsyncDisposable {
  readonly facts: ServerFacts;
  readonly #process: ServerProcess;

  private constructor(process: ServerProcess, facts: ServerFacts) {
    this.#process = process;
    this.facts = facts;
  }

  /**
   * Starts it and waits until its model is loaded and warm.
   * @param served the folder, absolute, or the path of a predictor or a model file
   * @throws KtsError as the server; the signal's reason when it is aborted
   */
  static async start(served: string, settings: BenchSettings, signal: AbortSignal): Promise<OwnServer> {
    await using starting = new AsyncDisposableStack();
    const process = starting.use(new ServerProcess());
    const answer = await process.ask({ served, settings }, signal);
    if (answer.kind === "failed") {
      const { code, message, hint } = answer;
      throw new KtsError(code, message, hint === "" ? {} : { hint });
    }
    starting.move();
    return new OwnServer(process, answer as ServerFacts & { kind: "ready" });
  }

  /** Milliseconds of CPU that its process has used. @throws KtsError KTS_WORKER_DIED when it has ended */
  async cpuMs(signal: AbortSignal): Promise<number> {
    const { cpuMs } = (await this.#process.ask("usage", signal)) as ServerUsage;
    return cpuMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #log = "";

  constructor() {
    this.#child = spawn(process.execPath, [MAIN], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#ended = once(this.#child, "exit");
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARACTERS);
    });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends an order and waits for what comes of it. @throws KtsError KTS_WORKER_DIED when the process ends first */
  async ask(order: ServerOrder | "usage", signal: AbortSignal): Promise<ServerMessage> {
    if (!this.hasEnded) this.#child.send(order);
    const ended = this.#ended.then(() => {
      const { exitCode, signalCode } = this.#child;
      const log = this.#log.trim();
      throw new KtsError(
        "KTS_WORKER_DIED",
        `the measured server ended with ${signalCode ?? exitCode}${log === "" ? "" : `:\n${log}`}`,
        { hint: "kserve-ts serve shows all that it logs." },
      );
    });
    const heard = once(this.#child, "message", { signal }) as Promise<[ServerMessage]>;
    heard.catch(() => undefined);
    try {
      const [message] = await Promise.race([heard, ended]);
      return message;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return;
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), KILL_AFTER_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}
