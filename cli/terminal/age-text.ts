const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** How long ago something was, in its largest unit, and the next one below where it is less than ten: `3d4h`, `12m`. */
export function ageText(since: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(since)) / 1000));
  if (Number.isNaN(seconds)) return "";
  const at = Math.max(
    0,
    UNITS.findIndex(([, length]) => seconds >= length),
  );
  const [unit, length] = seconds === 0 ? (["s", 1] as const) : (UNITS[at] as (typeof UNITS)[number]);
  const count = Math.floor(seconds / length);
  const next = UNITS[at + 1];
  if (seconds === 0 || count >= 10 || next === undefined) return `${count}${unit}`;
  const rest = Math.floor((seconds - count * length) / next[1]);
  return rest === 0 ? `${count}${unit}` : `${count}${unit}${rest}${next[0]}`;
}
