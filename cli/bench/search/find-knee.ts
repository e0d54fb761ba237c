import type { Step } from "../step.ts";
import { type Verdict, judge } from "./judge.ts";

/** How a knee is looked for. */
export interface KneeSearch {
  /** About what the server can do, of a closed loop: where to begin. */
  readonly capacityPerSecond: number;
  /** What the p99 may be. Undefined: five times that of the lightest step. */
  readonly goalMs: number | undefined;
  /** Measures a rate. */
  readonly measure: (perSecond: number) => Promise<Step>;
  /** Windows that the knee is measured in, an odd number: their median counts. */
  readonly repeats: number;
  /** Steps at most, repeats not counted. */
  readonly maxSteps: number;
}

/** The highest rate that a server takes well. */
export interface Knee {
  /** Requests a second; undefined where none went well. */
  readonly perSecond: number | undefined;
  /** What the p99 had to stay under. */
  readonly limitMs: number;
  /** Where the limit is from. */
  readonly limitFrom: "goal" | "lightest step";
  /** The windows at that rate, by p99. The one in the middle stands for it. */
  readonly windows: readonly Step[];
  /** The least rate above it that did not go well, and why; undefined where none was found. */
  readonly above: { readonly perSecond: number; readonly verdict: Verdict; readonly step: Step } | undefined;
  /** How much the p99 of those windows differs: (greatest - least) / median. */
  readonly spread: number;
  /** The same rate went well and badly, or its p99 differs by more than half: measure again on a quieter machine. */
  readonly isUnstable: boolean;
}

/** Shares of the capacity to begin with. */
const RAMP = [0.1, 0.3, 0.5, 0.7, 0.85, 1];
const BEYOND = 1.25;
const BEYOND_STEPS = 5;
/** A knee is told to within this share of its rate. */
const RESOLUTION = 0.06;
/** Without a goal, the p99 may be so many times that of the lightest step. */
const LIGHT_FACTOR = 5;
/** What is this bad needs no second look. */
const FAR_BEYOND = 5;
const FAR_BEHIND = 0.85;
const STEP_BACK = 0.85;
const MOST_STEPS_BACK = 3;
const MOST_SPREAD = 0.5;

/**
 * Finds the knee: ramps up in shares of the capacity until a step does not go well, then halves the gap between that rate
 * and the last good one. A bad step is measured twice, as a machine may pause for reasons of its own, unless it is far
 * off. The knee itself is measured in several windows, and the median has to do well, else it is looked for further down.
 */
export async function findKnee(search: KneeSearch): Promise<Knee> {
  return new KneeFinder(search).find();
}

class KneeFinder {
  readonly #search: KneeSearch;
  #steps = 0;
  #limitMs: number | undefined;
  #disagreements = 0;
  #good: readonly { readonly perSecond: number; readonly step: Step }[] = [];
  #above: Knee["above"];

  constructor(search: KneeSearch) {
    this.#search = search;
    this.#limitMs = search.goalMs;
  }

  async find(): Promise<Knee> {
    await this.#rampUp();
    await this.#lookBelow();
    await this.#narrow();
    return this.#confirm();
  }

  /** The highest rate that went well, of those below the least that did not. */
  get #best(): { readonly perSecond: number; readonly step: Step } | undefined {
    const below = this.#above?.perSecond ?? Infinity;
    const able = this.#good.filter(({ perSecond }) => perSecond < below);
    return able.toSorted((a, b) => b.perSecond - a.perSecond)[0];
  }

  get #isSpent(): boolean {
    return this.#steps >= this.#search.maxSteps;
  }

  async #rampUp(): Promise<void> {
    const { capacityPerSecond: capacity } = this.#search;
    const beyond = Array.from({ length: BEYOND_STEPS }, (_, at) => BEYOND ** (at + 1));
    for (const share of [...RAMP, ...beyond]) {
      if (this.#isSpent || !(await this.#try(capacity * share))) return;
    }
  }

  /** Even the lightest step was too much. */
  async #lookBelow(): Promise<void> {
    while (this.#best === undefined && this.#above !== undefined && !this.#isSpent) {
      const perSecond = this.#above.perSecond / 2;
      if (perSecond < this.#search.capacityPerSecond / 200 || (await this.#try(perSecond))) return;
    }
  }

  async #narrow(): Promise<void> {
    while (this.#best !== undefined && this.#above !== undefined && !this.#isSpent) {
      const { perSecond: low } = this.#best;
      const { perSecond: high } = this.#above;
      if (high - low <= RESOLUTION * low) return;
      await this.#try((low + high) / 2);
    }
  }

  /** The median of several windows decides. */
  async #confirm(): Promise<Knee> {
    let stepsBack = 0;
    for (;;) {
      const best = this.#best;
      if (best === undefined) return this.#knee(undefined, []);
      const windows = [best.step];
      while (windows.length < this.#search.repeats) windows.push(await this.#search.measure(best.perSecond));
      const verdicts = windows.map((step) => judge(step, this.#limitMs));
      const good = verdicts.filter((verdict) => verdict === "ok").length;
      if (good < windows.length) this.#disagreements++;
      if (good > windows.length / 2) return this.#knee(best.perSecond, windows);
      const worst = windows.findLast((_, at) => verdicts[at] !== "ok") as Step;
      this.#above = { perSecond: best.perSecond, verdict: judge(worst, this.#limitMs), step: worst };
      // What went well on the way up may be far below.
      for (let next = best.perSecond * STEP_BACK; stepsBack < MOST_STEPS_BACK; next *= STEP_BACK) {
        if ((this.#best?.perSecond ?? 0) >= next) break;
        stepsBack++;
        if (await this.#try(next)) break;
      }
    }
  }

  /** Measures a rate, twice where it does not go well. @returns whether it went well */
  async #try(perSecond: number): Promise<boolean> {
    this.#steps++;
    let step = await this.#search.measure(perSecond);
    this.#limitMs ??= LIGHT_FACTOR * step.latencyMs.p99;
    let verdict = judge(step, this.#limitMs);
    if (verdict !== "ok" && !this.#isFarOff(step)) {
      const again = await this.#search.measure(perSecond);
      const second = judge(again, this.#limitMs);
      if (second === "ok") {
        this.#disagreements++;
        [step, verdict] = [again, second];
      }
    }
    if (verdict === "ok") this.#good = [...this.#good, { perSecond, step }];
    else this.#above = { perSecond, verdict, step };
    return verdict === "ok";
  }

  #isFarOff({ latencyMs, throughputPerSecond, due, seconds }: Step): boolean {
    const isSlow = latencyMs.p99 > FAR_BEYOND * (this.#limitMs as number);
    return isSlow || throughputPerSecond < (FAR_BEHIND * due) / seconds;
  }

  #knee(perSecond: number | undefined, measured: readonly Step[]): Knee {
    const windows = measured.toSorted((a, b) => a.latencyMs.p99 - b.latencyMs.p99);
    const least = windows[0]?.latencyMs.p99 ?? 0;
    const greatest = windows.at(-1)?.latencyMs.p99 ?? 0;
    const median = medianWindow(windows)?.latencyMs.p99 ?? 0;
    const spread = median > 0 ? (greatest - least) / median : 0;
    return {
      perSecond,
      limitMs: this.#limitMs as number,
      limitFrom: this.#search.goalMs === undefined ? "lightest step" : "goal",
      windows,
      above: this.#above,
      spread,
      isUnstable: this.#disagreements > 1 || spread > MOST_SPREAD,
    };
  }
}

/** The window in the middle of several sorted by p99; of an even number the better one, as the search takes it. */
export function medianWindow(windows: readonly Step[]): Step | undefined {
  return windows[Math.floor((windows.length - 1) / 2)];
}
