import { describe, expect, it } from "vitest";
import type { BenchReport } from "../../../cli/bench/report/bench-report.ts";
import { goalMissed, warningsOf } from "../../../cli/bench/report/findings.ts";
import { reportHtml } from "../../../cli/bench/report/report-html.ts";
import { reportLines } from "../../../cli/bench/report/report-lines.ts";
import { linearScale, logScale, tickText } from "../../../cli/bench/report/scale.ts";
import { showsUnicode, terminalChart } from "../../../cli/bench/report/terminal-chart.ts";
import { sampleReport } from "./sample-report.ts";

const sample = await sampleReport();
const plain = (width: number) => ({ width, style: (_format: unknown, text: string) => text });

describe("the report in a terminal", () => {
  it.each([
    ["braille", 80, { LANG: "C.UTF-8" }],
    ["ascii", 60, { LANG: "C" }],
  ] as const)("is as in the golden file: %s", async (name, width, env) => {
    const text = reportLines(sample, plain(width), env).join("\n");
    await expect(`${text}\n`).toMatchFileSnapshot(`golden/report-${name}.txt`);
  });

  it.each([30, 50, 80, 100])("has curves that fit %i columns", (width) => {
    const text = reportLines(sample, plain(width), { LANG: "C.UTF-8" });
    const chart = text.filter((line) => /[│└]/.test(line));
    expect(chart.length).toBeGreaterThan(20);
    expect(Math.max(...chart.map((line) => line.length))).toBeLessThanOrEqual(width);
  });

  it("has nothing but ASCII where the terminal shows nothing else", () => {
    const text = reportLines(sample, plain(80), { LANG: "C" }).join("\n");
    expect(text).toMatch(/^[ -~\n]*$/);
  });

  it("draws no curve through a single point", () => {
    const [run] = sample.runs;
    const points = [{ perSecond: 1, step: run?.steps[0] as NonNullable<typeof run>["steps"][0] }];
    const chart = { points, limitMs: undefined, kneePerSecond: undefined, page: plain(80), isUnicode: true };
    expect(terminalChart(chart)).toEqual([]);
  });

  it("takes Unicode from the locale, the more special variable first", () => {
    expect(showsUnicode({ LANG: "de_DE.UTF-8" })).toBe(true);
    expect(showsUnicode({ LC_ALL: "C", LANG: "de_DE.UTF-8" })).toBe(false);
    expect(showsUnicode({ LANG: "en_US.utf8", TERM: "linux" })).toBe(false);
    expect(showsUnicode({})).toBe(false);
  });
});

describe("the report as a page", () => {
  const page = reportHtml(sample);

  it("refers to nothing elsewhere and runs nothing", () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref=|@import|url\(|\bon\w+=|\bstyle="/i);
    // What it measured is named, as text.
    const urls = page.match(/\w+:\/\/[^\s<"]+/g) ?? [];
    expect(new Set(urls.map((url) => new URL(url.replace(/[.,]$/, "")).origin))).toEqual(
      new Set(["http://127.0.0.1:40000"]),
    );
  });

  it("closes every element that it opens, in order", () => {
    const open: string[] = [];
    for (const [, closes, name = "", , isEmpty] of page.matchAll(/<(\/?)([a-zA-Z]\w*)([^>]*?)(\/?)>/g)) {
      if (closes === "/") expect(open.pop()).toBe(name);
      else if (isEmpty !== "/" && name !== "meta") open.push(name);
    }
    expect(open).toEqual([]);
  });

  it("allows its own style sheet alone, by its hash", async () => {
    const style = /<style>([^]*)<\/style>/.exec(page)?.[1] as string;
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const hash = Buffer.from(digest).toString("base64");
    expect(page).toContain(`content="default-src 'none'; style-src 'sha256-${hash}';`);
  });

  it("shows somebody else's texts as texts", () => {
    expect(page).toContain("<h1>digits &lt;1&gt; under load</h1>");
    const hostile: BenchReport = { ...sample, requests: [{ name: '"><b>', bodyBytes: 1 }] };
    expect(reportHtml(hostile)).toContain("&quot;&gt;&lt;b&gt; (1 B)");
  });

  it("has every step of every setting, the curves and the machine", () => {
    const rows = page.match(/<tr class="(knee)?"><td>/g) ?? [];
    expect(rows).toHaveLength(sample.runs.reduce((sum, { steps }) => sum + steps.length, 0));
    expect(page.match(/<svg /g)).toHaveLength(5);
    expect(page).toContain("A CPU, 4 CPUs (2 granted), 8.0 GB");
    expect(page).toContain("no coordinated omission");
  });

  it("shows what there is of an interrupted run", () => {
    const runs = sample.runs.slice(0, 1).map((run) => ({ ...run, steps: run.steps.slice(0, 1), knee: null }));
    const early: BenchReport = { ...sample, runs, suggestion: null, isInterrupted: true };
    const warnings = warningsOf(early);
    expect(warnings[0]).toMatch(/^It was interrupted/);
    expect(reportHtml({ ...early, warnings })).toContain("It was interrupted");
  });
});

describe("a goal", () => {
  it("is missed where no rate keeps it", async () => {
    expect(goalMissed(sample, false)).toBe(false);
    expect(goalMissed(await sampleReport(1), false)).toBe(true);
    expect(goalMissed(await sampleReport(undefined), false)).toBe(false);
  });

  it("at one rate is missed by the median of its windows", () => {
    const [run] = sample.runs;
    if (run === undefined) throw new Error("the sample has no run");
    const at = (ms: readonly number[]) => {
      const steps = ms.map((p99) => ({ ...run.steps[0], latencyMs: { ...run.steps[0]?.latencyMs, p99 } }));
      return { ...sample, runs: [{ ...run, steps, knee: null }] } as BenchReport;
    };
    expect(goalMissed(at([10, 20, 900]), true)).toBe(false);
    expect(goalMissed(at([10, 60, 900]), true)).toBe(true);
  });
});

describe("a scale", () => {
  it("has ticks at round numbers", () => {
    expect(linearScale(1234, 6).ticks).toEqual([0, 500, 1000]);
    expect(logScale(0.7, 480, 10).ticks).toEqual([0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]);
    expect(logScale(0.7, 48_000, 10).ticks).toEqual([1, 10, 100, 1000, 10_000]);
    expect([0.5, 20, 1500, 20_000].map(tickText)).toEqual(["0.5", "20", "1.5k", "20k"]);
  });

  it("goes from its beginning to its end", () => {
    const scale = logScale(3, 70, 10);
    expect([scale.least, scale.greatest]).toEqual([2, 100]);
    expect(scale.at(2)).toBe(0);
    expect(scale.at(100)).toBe(1);
    expect(linearScale(0, 5).at(0)).toBe(0);
  });
});
