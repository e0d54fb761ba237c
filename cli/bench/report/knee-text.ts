import { type Knee, medianWindow } from "../search/find-knee.ts";
import type { Verdict } from "../search/judge.ts";
import { failuresText, msText, rateText } from "./step-rows.ts";

/** What was found, in sentences. */
export function kneeText(knee: Knee): string {
  const limit = `${msText(knee.limitMs)} ms${knee.limitFrom === "goal" ? "" : " (five times that of the lightest step)"}`;
  if (knee.perSecond === undefined) return `No rate went well: ${aboveText(knee, limit)}`;
  const p99 = medianWindow(knee.windows)?.latencyMs.p99 ?? NaN;
  const [least, greatest] = [knee.windows[0], knee.windows.at(-1)].map((step) => step?.latencyMs.p99 ?? NaN);
  const spread =
    knee.windows.length > 1
      ? `, the median of ${knee.windows.length} windows (${msText(least as number)} to ${msText(greatest as number)})`
      : "";
  const found = `Knee: ${rateText(knee.perSecond)} requests/s with a p99 of ${msText(p99)} ms${spread}.`;
  return `${found} ${aboveText(knee, limit)}`;
}

function aboveText({ above, limitMs }: Knee, limit: string): string {
  if (above === undefined) return `More was not offered; the p99 may be ${limit}.`;
  const { perSecond, step } = above;
  const rate = `At ${rateText(perSecond)}`;
  const texts: Readonly<Record<Verdict, string>> = {
    ok: "",
    slow: `${rate} the p99 is ${msText(step.latencyMs.p99)} ms, above ${limit}.`,
    behind: `${rate} the server falls behind: it answers ${rateText(step.throughputPerSecond)} a second.`,
    errors: `${rate} requests fail: ${failuresText(step)}.`,
    generator:
      step.latencyMs.p99 > limitMs
        ? `${rate} the p99 is ${msText(step.latencyMs.p99)} ms, but the load generator was late itself, so the server may take more.`
        : `${rate} the load generator was at its limit, so the server may take more.`,
  };
  return texts[above.verdict];
}
