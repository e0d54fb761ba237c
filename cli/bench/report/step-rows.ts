import type { Step } from "../step.ts";

/** The columns of a step. */
export const STEP_HEADINGS = [
  "offered/s",
  "answered/s",
  "p50 ms",
  "p90 ms",
  "p99 ms",
  "max ms",
  "failed",
  "",
];

/** A step's cells. */
export function stepRow(step: Step): readonly string[] {
  const { latencyMs } = step;
  return [
    rateText(step.offeredPerSecond),
    rateText(step.throughputPerSecond),
    msText(latencyMs.p50),
    msText(latencyMs.p90),
    msText(latencyMs.p99),
    msText(latencyMs.max),
    failuresText(step),
    marksOf(step),
  ];
}

/** `~` few samples, `g` the generator's limit. */
export function marksOf({ hasFewSamples, isGeneratorLimit }: Step): string {
  return `${hasFewSamples ? "~" : ""}${isGeneratorLimit ? "g" : ""}`;
}

/** A step in a line. */
export function stepText(step: Step): string {
  const marks = marksOf(step);
  const failed = step.due > step.right ? `, failed ${failuresText(step)}` : "";
  return `${rateText(step.offeredPerSecond)}/s offered, ${rateText(step.throughputPerSecond)}/s answered, p50 ${msText(step.latencyMs.p50)} ms, p99 ${msText(step.latencyMs.p99)} ms${failed}${marks === "" ? "" : ` (${marks})`}`;
}

/** Failures by kind: `12 x 429, 3 x timeout`. */
export function failuresText({ failures }: Step): string {
  const kinds = Object.entries(failures);
  if (kinds.length === 0) return "-";
  return kinds.map(([kind, count]) => `${count} x ${kind}`).join(", ");
}

/** Milliseconds with three digits that mean something. */
export function msText(ms: number): string {
  if (!Number.isFinite(ms)) return "-";
  if (ms >= 100) return String(Math.round(ms));
  return ms.toFixed(ms >= 10 ? 1 : 2);
}

/** Requests a second. */
export function rateText(perSecond: number): string {
  return perSecond >= 20 ? String(Math.round(perSecond)) : perSecond.toFixed(1);
}
