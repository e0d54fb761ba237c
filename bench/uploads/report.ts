import { cpus } from "node:os";
import { type Spread, ratioOf, spreadOf } from "../measure/statistics.ts";

/** What an upload of ours says of itself. */
export interface OurDetail {
  readonly hashMs: number;
  readonly uploadMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
}

/** Everything that was measured, by program; round by round. */
export interface Measured {
  readonly sizeBytes: number;
  readonly times: ReadonlyMap<string, { readonly processMs: number[]; readonly transferMs: number[] }>;
  readonly ours: readonly OurDetail[];
  readonly missing: readonly string[];
}

/** What ours has to reach of the better of the others. */
const GOAL = 0.8;

/** The result file. The first program is ours. */
export function uploadsMarkdown(measured: Measured): string {
  const { sizeBytes, times, ours, missing } = measured;
  const [[, mine] = ["", { processMs: [], transferMs: [] }], ...others] = [...times];
  const rounds = mine.processMs.length;
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}`;
  const rows = [...times].map(
    ([name, { processMs, transferMs }]) =>
      `| ${name} | ${seconds(spreadOf(processMs))} | ${seconds(spreadOf(transferMs))} | ${rate(sizeBytes, spreadOf(processMs))} |`,
  );
  const ratio = (of: "processMs" | "transferMs"): Spread =>
    ratioOf(
      mine[of].map((_, round) => Math.min(...others.map(([, theirs]) => theirs[of][round] ?? NaN))),
      mine[of],
    );
  const whole = ratio("processMs");
  const transfer = ratio("transferMs");
  const verdict = (spread: Spread): string => (spread.median >= GOAL ? "met" : "missed");
  const middle = (of: keyof OurDetail): number => spreadOf(ours.map((detail) => detail[of])).median;
  return [
    "# Uploads",
    "",
    `A model of one file of ${(sizeBytes / 1e9).toFixed(1)} GB into versitygw over HTTP, all on one machine. Medians of ${rounds}`,
    `rounds with the least and the most, the order turned each round. ${new Date().toISOString().slice(0, 10)}, ${machine}.`,
    "",
    "| program | the whole process | the transfer | of the whole |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "| ours beside the better of the others, by speed | measured | wanted | |",
    "| --- | --- | --- | --- |",
    `| the whole process, with our hash of the file | ${times2(whole)} | ${GOAL} | ${verdict(whole)} |`,
    `| the transfer | ${times2(transfer)} | ${GOAL} | ${verdict(transfer)} |`,
    "",
    `Of ours, the hash takes ${(middle("hashMs") / 1000).toFixed(2)} s and \`uploadModel\` ${(middle("uploadMs") / 1000).toFixed(2)} s;`,
    `${(middle("cpuMs") / 1000).toFixed(2)} s of processor time, ${(middle("peakBytes") / 1e6).toFixed(0)} MB of memory at the most.`,
    "The transfer is from the first of the file's bytes that the server reads to the last, putting its parts together included.",
    ...missing.map((why) => `\nNot measured: ${why}`),
    "",
  ].join("\n");
}

function seconds({ median, min, max }: Spread): string {
  return `${(median / 1000).toFixed(2)} s (${(min / 1000).toFixed(2)} to ${(max / 1000).toFixed(2)})`;
}

function rate(sizeBytes: number, { median }: Spread): string {
  return `${(sizeBytes / 1000 / median).toFixed(0)} MB/s`;
}

function times2({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} x (${min.toFixed(2)} to ${max.toFixed(2)})`;
}
