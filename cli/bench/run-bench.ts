import type { BenchCall } from "../commands/bench.ts";
import { SIGNAL_EXIT_CODES, type StopSignal, stopSignal } from "../serve/stop-signals.ts";
import { writeNamedFile } from "../write-named-file.ts";
import { checkOptions } from "./check-options.ts";
import { BenchSession } from "./session.ts";
import { goalMissed } from "./report/findings.ts";

/**
 * Measures a server under load, and shows what was found.
 * @throws KtsError KTS_USAGE when options contradict each other or there is no request to send; what starting the server
 * throws; KTS_SERVER_UNREACHABLE and KTS_SERVER_ANSWERED when it does not answer
 */
export async function runBench(call: BenchCall): Promise<number> {
  await checkOptions(call.options);
  const abort = new AbortController();
  let stoppedBy: StopSignal | undefined;
  void stopSignal().then((signal) => {
    stoppedBy = signal;
    abort.abort(new Error(`stopped by ${signal}`));
  });
  const { options, terminal } = call;
  const session = new BenchSession(call, abort.signal);
  await session.run();
  terminal.status(undefined);
  const report = session.report();
  if (report.runs.every(({ steps }) => steps.length === 0) && stoppedBy !== undefined) {
    return SIGNAL_EXIT_CODES[stoppedBy];
  }
  if (options.output === "json") {
    terminal.print(JSON.stringify(report, null, terminal.isInteractive ? 2 : 0));
  } else {
    const { reportLines } = await import("./report/report-lines.ts");
    for (const line of reportLines(report, terminal, call.env)) terminal.print(line);
  }
  if (options.report !== undefined) {
    const { reportHtml } = await import("./report/report-html.ts");
    await writeNamedFile("--report", options.report, reportHtml(report));
    if (options.output === "table") terminal.print(`\nThe report is in ${options.report}`);
  }
  if (stoppedBy !== undefined) return SIGNAL_EXIT_CODES[stoppedBy];
  return goalMissed(report, options.rate !== undefined) ? 1 : 0;
}
