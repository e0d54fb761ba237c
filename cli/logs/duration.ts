import { KtsError } from "../../contract/errors.ts";

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * The seconds of `90s`, `5m`, `1h30m`, `2d` or `90`.
 * @throws KtsError KTS_USAGE when it is none, or no time at all
 */
export function durationSeconds(text: string, source: string): number {
  const isDuration = /^(?:\d+|(?:\d+[smhd])+)$/.test(text);
  const parts = [...text.matchAll(/(\d+)([smhd]?)/g)];
  const seconds = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (SECONDS[unit || "s"] ?? 1),
    0,
  );
  if (isDuration && seconds > 0 && Number.isSafeInteger(seconds)) return seconds;
  throw new KtsError("KTS_USAGE", `${source} is ${JSON.stringify(text)}, expected a duration`, {
    hint: "Such as 90s, 5m, 2h, 1h30m or 1d.",
  });
}
