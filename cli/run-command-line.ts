import { planWith, readCommandLine } from "./command-line.ts";
import { asFailure, failureDetails, failureRecord, failureText } from "./failure.ts";
import { requireNode } from "./node-version.ts";
import { progressMode } from "./terminal/progress-mode.ts";
import { processTerminal } from "./terminal/terminal.ts";
import type { VerbTable } from "./verb-table.ts";

/**
 * The whole of a command: finds the verb, runs it, says once what went wrong, and ends the process with its exit code.
 * @param verbs those there are
 */
export async function runCommandLine(verbs: VerbTable): Promise<never> {
  const words = process.argv.slice(2);
  const terminal = processTerminal(progressMode(words, process.env));
  const line = readCommandLine(words);

  async function main(): Promise<number> {
    requireNode(process.versions.node);
    const task = await planWith(verbs, line, process.env, terminal);
    if (typeof task === "function") return task();
    terminal.print(task);
    return 0;
  }

  async function fail(error: unknown): Promise<number> {
    const failure = asFailure(error);
    terminal.complain(failureText(failure, terminal.styleComplaint), failureRecord(failure));
    if (line.isVerbose) terminal.complain(failureDetails(failure));
    if ((await verbs.find(line.verbName ?? ""))?.isServer === true) {
      const { writeTerminationLog } = await import("./serve/termination-log.ts");
      writeTerminationLog(failureText(failure), process.env);
    }
    return failure.exitCode;
  }

  const exitCode = await main().catch(fail);
  await terminal.flush();
  // A predictor that runs on this thread may hold timers and connections, which are no reason to stay.
  process.exit(exitCode);
}
