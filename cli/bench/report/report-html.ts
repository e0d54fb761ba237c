import { createHash } from "node:crypto";
import { medianWindow } from "../search/find-knee.ts";
import { settingsText } from "../settings.ts";
import type { BenchReport } from "./bench-report.ts";
import { Html, markup } from "./html.ts";
import { methodText } from "./method-text.ts";
import { comparisonChart } from "./report-charts.ts";
import { factList, runSection } from "./report-sections.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { msText, rateText } from "./step-rows.ts";

/**
 * The report as one page that needs nothing else: no script, no font, nothing from elsewhere. Its own policy allows the
 * style sheet in it and nothing more.
 */
export function reportHtml(report: BenchReport): string {
  const hash = createHash("sha256").update(REPORT_STYLE).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.model} under load</title>
<style>${new Html(REPORT_STYLE)}</style>
</head>
<body>
<main>
${header(report)}
${tiles(report)}
${suggestion(report)}
${notes(report.warnings)}
${comparison(report)}
${report.runs.map((run, at) => runSection(report, run, at))}
<h2>How it was measured</h2>
<p>${methodText(report)}</p>
${factList(report)}
</main>
</body>
</html>
`;
  return page.text;
}

function header({ model, server, product, startedAt }: BenchReport): Html {
  const when = startedAt.slice(0, 16).replace("T", " ");
  return markup`<header>
<h1>${model} under load</h1>
<p>${server.url}, measured by ${product} on ${when} UTC</p>
</header>`;
}

/** The result in a few numbers: of the best setting, where several were measured. */
function tiles({ runs, goalP99Ms }: BenchReport): Html {
  const best = runs.toSorted((a, b) => (b.knee?.perSecond ?? 0) - (a.knee?.perSecond ?? 0))[0];
  const knee = best?.knee ?? undefined;
  const window = knee === undefined ? best?.steps.at(-1) : medianWindow(knee.windows);
  const entries: (readonly [figure: string, name: string])[] = [];
  if (knee !== undefined) {
    const found = knee.perSecond === undefined ? "none" : `${rateText(knee.perSecond)}/s`;
    entries.push([found, knee.limitFrom === "goal" ? "most load within the goal" : "knee"]);
  }
  if (window !== undefined) {
    const where = knee === undefined ? "" : " there";
    entries.push([`${msText(window.latencyMs.p99)} ms`, `p99${where}`]);
    entries.push([`${msText(window.latencyMs.p50)} ms`, `p50${where}`]);
  }
  const limit = knee?.limitMs ?? goalP99Ms;
  if (limit !== null) {
    const name = goalP99Ms === null ? "limit: 5 times a light load's p99" : "goal of the p99";
    entries.push([`${msText(limit)} ms`, name]);
  }
  return markup`<ul class="tiles">
${entries.map(([figure, name]) => markup`<li><b>${figure}</b><span>${name}</span></li>`)}
</ul>`;
}

function suggestion({ suggestion: found }: BenchReport): Html {
  if (found === null) return markup``;
  const config = found.config.length === 0 ? "" : markup`<pre>${found.config.join("\n")}</pre>`;
  return markup`<p>${found.says}</p>
${config}`;
}

function notes(warnings: readonly string[]): Html {
  if (warnings.length === 0) return markup``;
  return markup`<ul class="notes">
${warnings.map((text) => markup`<li>${text}</li>`)}
</ul>`;
}

function comparison({ runs, goalP99Ms }: BenchReport): Html {
  if (runs.length < 2) return markup``;
  const chart = comparisonChart(runs, goalP99Ms);
  const rows = runs.map(({ server, knee }, at) => {
    const rate = knee?.perSecond === undefined ? "-" : rateText(knee.perSecond);
    const p99 = knee === null ? NaN : (medianWindow(knee.windows)?.latencyMs.p99 ?? NaN);
    const number = `${at + 1}${at === 0 ? " (present)" : ""}`;
    const name = server === null ? "" : settingsText(server);
    return markup`<tr><td>${number}</td><td class="text">${name}</td><td>${rate}</td><td>${msText(p99)}</td></tr>`;
  });
  return markup`<h2>Settings</h2>
${chart === undefined ? "" : markup`<div class="card">${chart}</div>`}
<div class="card"><table>
<thead><tr><th>setting</th><th class="text">what it is</th><th>knee, requests/s</th><th>p99 there, ms</th></tr></thead>
<tbody>
${rows}
</tbody></table></div>`;
}
