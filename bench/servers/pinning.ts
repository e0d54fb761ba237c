import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** The core of the servers, and the one of the load generator. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Both of them, for a server that is not to share one with its workers. */
export const BOTH_CORES = `${SERVER_CORE}-${LOAD_CORE}`;

/** A core, or several as `taskset` takes them: `0,1`, `0-1`. */
export type Core = number | string;

/** Whether processes can be tied to a core here: `taskset` is there, and two cores are. */
export function canPin(): boolean {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync("taskset", ["-c", `${SERVER_CORE},${LOAD_CORE}`, "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A command line that runs on one core; unchanged where `core` is undefined. */
export function pinned(command: readonly string[], core: Core | undefined): readonly string[] {
  return core === undefined ? command : ["taskset", "-c", String(core), ...command];
}

/** Ties this process, with all its threads, to a core. */
export function pinThisProcess(core: number): void {
  execFileSync("taskset", ["-a", "-c", "-p", String(core), String(process.pid)], { stdio: "ignore" });
}
