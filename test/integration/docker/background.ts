import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A program in the background, ended by its own process id. */
export interface Background {
  readonly pid: number;
  /** What it has written so far. */
  log(): string;
  /** Waits until its log has what a pattern asks for. @throws Error when it ends first, or takes too long */
  until(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** Ends it: a signal, and SIGKILL where it has not ended in time. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** A program that does not end by its signal is killed after this. */
const STOP_TIMEOUT_MS = 20_000;

/**
 * Starts a program whose output goes into a file. It ends with this process, however that ends.
 * @param logFile what it writes
 */
export function startBackground(file: string, args: readonly string[], logFile: string): Background {
  const log = openSync(logFile, "w");
  // Its own group: Ctrl-C is for the tests, which then end it. The kernel does so where they cannot.
  const child = spawn("setpriv", ["--pdeathsig", "TERM", file, ...args], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const ended = once(child, "exit").catch(() => undefined);
  return {
    pid: child.pid ?? -1,
    log: () => readFileSync(logFile, "utf8"),
    async until(pattern, timeoutMs) {
      for (const deadline = Date.now() + timeoutMs; ;) {
        const text = readFileSync(logFile, "utf8");
        const match = pattern.exec(text);
        if (match !== null) return match;
        if (hasEnded(child) || Date.now() > deadline) {
          throw new Error(`${file} did not get ready:\n${text.trim().split("\n").slice(-8).join("\n")}`);
        }
        await sleep(50);
      }
    },
    async stop(signal = "SIGTERM") {
      if (hasEnded(child)) return;
      child.kill(signal);
      const kill = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(kill);
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
