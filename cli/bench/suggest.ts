import type { BenchSettings, ServerFacts } from "./settings.ts";
import { settingsText } from "./settings.ts";
import { type Knee, medianWindow } from "./search/find-knee.ts";

/** A setting that was measured. */
export interface MeasuredSetting {
  readonly settings: BenchSettings;
  readonly server: ServerFacts;
  readonly knee: Knee;
}

/** What to set, and why. */
export interface Suggestion {
  /** Lines for `kserve.config.ts`; empty where the present settings are the best. */
  readonly config: readonly string[];
  readonly settings: BenchSettings;
  /** Requests a second at its knee. */
  readonly perSecond: number;
  /** The p99 there, in milliseconds. */
  readonly p99Ms: number;
  /** How much more than with the present settings: 1.5 is half as much again. */
  readonly gain: number;
  /** One sentence. */
  readonly says: string;
}

/** A gain that is smaller may be chance. */
const LEAST_GAIN = 1.1;

/**
 * The setting that takes the most requests within the limit. The first of them is the present one, and stays unless
 * another takes at least a tenth more; of others that differ by less the one with fewer workers wins, which takes less
 * memory. Undefined where none of them took any load well.
 */
export function suggest(measured: readonly MeasuredSetting[]): Suggestion | undefined {
  const able = measured.filter(({ knee }) => knee.perSecond !== undefined);
  const [present] = measured;
  if (present === undefined || able.length === 0) return undefined;
  const presentRate = present.knee.perSecond ?? 0;
  const most = Math.max(...able.map(({ knee }) => knee.perSecond as number));
  const close = able.filter(({ knee }) => (knee.perSecond as number) * LEAST_GAIN > most);
  const best = close.includes(present)
    ? present
    : (close.toSorted((a, b) => a.server.workers - b.server.workers)[0] as MeasuredSetting);
  const perSecond = best.knee.perSecond as number;
  const p99Ms = medianWindow(best.knee.windows)?.latencyMs.p99 ?? NaN;
  const gain = presentRate === 0 ? Infinity : perSecond / presentRate;
  return {
    config: best === present ? [] : configLines(best.settings),
    settings: best.settings,
    perSecond,
    p99Ms,
    gain,
    says: sentence(measured.length, best, best === present, gain),
  };
}

function sentence(count: number, best: MeasuredSetting, isPresent: boolean, gain: number): string {
  const rate = Math.round(best.knee.perSecond as number);
  const limit = best.knee.limitFrom === "goal" ? ` with a p99 under ${best.knee.limitMs} ms` : "";
  const what = `${settingsText(best.server)}: ${rate} requests/s${limit}`;
  if (count === 1) return headroom(rate);
  if (isPresent) return `Keep the present settings (${what}): no other took a tenth more.`;
  const more = Number.isFinite(gain) ? `${gain.toFixed(1)} times what` : "which";
  return `Set ${what}, ${more} the present settings ${Number.isFinite(gain) ? "take" : "do not reach"}.`;
}

/** Room for peaks, and for the time that another replica takes to start. */
const PLANNED_SHARE = 0.7;

function headroom(rate: number): string {
  const planned = Math.max(1, Math.floor(rate * PLANNED_SHARE));
  return `Plan with about ${planned} requests/s a replica on a machine like this one, which leaves room for peaks: as deploy.scaleTarget with scaleMetric "rps" on Knative. --sweep tries other settings.`;
}

/** Settings as `kserve.config.ts` says them. */
export function configLines({ workers, batching }: BenchSettings): readonly string[] {
  const members = [
    ...(workers === undefined ? [] : [`    workers: ${workers},`]),
    ...(batching === undefined ? [] : [`    batching: ${batchingText(batching)},`]),
  ];
  if (members.length === 0) return [];
  return [
    'import { defineConfig } from "kserve-ts";',
    "",
    "export default defineConfig({",
    "  model: {",
    ...members,
    "  },",
    "});",
  ];
}

function batchingText(batching: NonNullable<BenchSettings["batching"]> | false): string {
  if (batching === false) return "false";
  return `{ maxBatchSize: ${batching.maxBatchSize}, maxDelayMs: ${batching.maxDelayMs} }`;
}
