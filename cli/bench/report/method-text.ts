import type { BenchReport } from "./bench-report.ts";

/** How it was measured, in a paragraph. */
export function methodText({ method, server, runs }: BenchReport): string {
  const { arrivals, warmupSeconds, secondsPerStep } = method;
  const how =
    arrivals === "poisson"
      ? "at random moments, as those of many independent callers do (a Poisson process)"
      : "at even distances";
  const place = server.isOwn
    ? "Server and load generator are two processes of one machine and take CPU from each other, so the figures are lower bounds."
    : "The server was elsewhere, so the network has part in the latencies.";
  const windows = Math.max(0, ...runs.map(({ knee }) => knee?.windows.length ?? 0));
  const search =
    windows > 0
      ? ` A closed loop first estimated the capacity; open-loop steps then went up in shares of it, and halved the gap between the last rate that went well and the first that did not. The knee is the highest rate at which the p99 stayed within its limit, answers kept up with requests and at most 1 percent failed${windows > 1 ? `; it was measured in ${windows} windows, of which the one with the median p99 stands for it` : ""}.`
      : "";
  return `Requests were due ${how}, and left when they were due, whether earlier ones had been answered or not. Latency counts from when a request was due, so that a server that stalls is late for all that came meanwhile (no coordinated omission). Each step measured ${secondsPerStep} s after ${warmupSeconds} s of warm-up. Latencies are of right answers, and of requests that were given up as far as they got; refusals count as failures.${search} ${place}`;
}
