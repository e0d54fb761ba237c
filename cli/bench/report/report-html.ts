import { createHash } from "node:crypto";
import { byteText } from "../../terminal/byte-text.ts";
import { medianWindow } from "../search/find-knee.ts";
import { settingsText } from "../settings.ts";
import type { Step } from "../step.ts";
import type { BenchReport, BenchRun } from "./bench-report.ts";
import { Html, html } from "./html.ts";
import { kneeText } from "./knee-text.ts";
import { methodText } from "./method-text.ts";
import { comparisonChart, latencyChart, throughputChart } from "./report-charts.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { failuresText, marksOf, msText, rateText } from "./step-rows.ts";

/**
 * The report as one page that needs nothing else: no script, no font, nothing from elsewhere. Its own policy allows the
 * style sheet in it and nothing more.
 */
export function reportHtml(report: BenchReport): string {
  const hash = createHash("sha256").update(REPORT_STYLE).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
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
${notes(report.warnings)}
${comparison(report)}
${report.runs.map((run, at) => runSection(report, run, at))}
<h2>How it was measured</h2>
<p>${methodText(report)}</p>
${facts(report)}
</main>
</body>
</html>
`; // prettier-ignore
  return page.text;
}

function header(report: BenchReport): Html {
  const { model, server, product, startedAt, suggestion } = report;
  const config = suggestion === null ? [] : suggestion.config;
  return html`<header>
<h1>${model} under load</h1>
<p>${server.url}, measured by ${product} on ${startedAt.slice(0, 16).replace("T", " ")} UTC</p>
</header>
${tiles(report)}
${suggestion === null ? "" : html`<p>${suggestion.says}</p>`}
${config.length === 0 ? "" : html`<pre>${config.join("\n")}</pre>`}`; // prettier-ignore
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
    entries.push([`${msText(window.latencyMs.p99)} ms`, knee === undefined ? "p99" : "p99 there"]);
    entries.push([`${msText(window.latencyMs.p50)} ms`, knee === undefined ? "p50" : "p50 there"]);
  }
  const limit = knee?.limitMs ?? goalP99Ms;
  if (limit !== undefined && limit !== null) {
    entries.push([`${msText(limit)} ms`, goalP99Ms === null ? "limit: 5 times a light load's" : "goal of the p99"]);
  } // prettier-ignore
  return html`<ul class="tiles">
    ${entries.map(([figure, name]) => html`<li><b>${figure}</b><span>${name}</span></li>`)}
  </ul>`;
}

function notes(warnings: readonly string[]): Html {
  if (warnings.length === 0) return html``;
  return html`<ul class="notes">
    ${warnings.map((text) => html`<li>${text}</li>`)}
  </ul>`;
}

function comparison({ runs, goalP99Ms }: BenchReport): Html {
  if (runs.length < 2) return html``;
  const chart = comparisonChart(runs, goalP99Ms);
  return html`<h2>Settings</h2>
${chart === undefined ? "" : html`<div class="card">${chart}</div>`}
<div class="card"><table>
<thead><tr><th>setting</th><th class="text">what it is</th><th>knee, requests/s</th><th>p99 there, ms</th></tr></thead>
<tbody>
${runs.map(({ server, knee }, at) => {
  const rate = knee?.perSecond === undefined ? "-" : rateText(knee.perSecond);
  const p99 = knee === null ? NaN : (medianWindow(knee.windows)?.latencyMs.p99 ?? NaN);
  return html`<tr><td>${at + 1}${at === 0 ? " (present)" : ""}</td><td class="text">${server === null ? "" : settingsText(server)}</td><td>${rate}</td><td>${msText(p99)}</td></tr>`;
})}
</tbody></table></div>`; // prettier-ignore
}

function runSection({ runs, goalP99Ms }: BenchReport, run: BenchRun, at: number): Html {
  const { server, steps, knee } = run;
  const name = server === null ? "The server" : settingsText(server);
  const charts = [latencyChart(run, goalP99Ms), throughputChart(run)].flatMap((chart) =>
    chart === undefined ? [] : [html`<div class="card">${chart}</div>`],
  );
  const [latency, throughput] = charts;
  return html`<h2>${runs.length > 1 ? `Setting ${at + 1}: ` : ""}${name}</h2>
${knee === null ? "" : html`<p>${kneeText(knee)}</p>`}
${latency === undefined ? "" : html`<h3>Latency against offered load</h3>${latency}`}
${throughput === undefined ? "" : html`<h3>Answers against offered load</h3>${throughput}`}
<h3>Every step</h3>
<div class="card"><table>
<thead><tr><th>offered/s</th><th>answered/s</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>max</th><th>requests</th><th>lag</th>${server === null ? "" : html`<th>cores</th>`}<th class="text">failed</th><th></th></tr></thead>
<tbody>
${steps.toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond).map((step) => stepMarkup(step, run))}
</tbody></table></div>
<p class="soft">Latencies in milliseconds. lag: how late requests left by the load generator's own doing (p99, ms)${server === null ? "" : "; cores: what the server's process was busy with"}. ~ fewer than 1000 answers; g: the load generator was late or busy itself.</p>`; // prettier-ignore
}

function stepMarkup(step: Step, { knee, server }: BenchRun): Html {
  const { latencyMs, generator, serverCores } = step;
  const cells = [
    rateText(step.offeredPerSecond),
    rateText(step.throughputPerSecond),
    ...[latencyMs.p50, latencyMs.p90, latencyMs.p99, latencyMs.p999, latencyMs.max].map(msText),
    String(step.due),
    msText(generator.lagP99Ms),
    ...(server === null ? [] : [serverCores === undefined ? "-" : serverCores.toFixed(2)]),
  ];
  const look = step.offeredPerSecond === knee?.perSecond ? "knee" : "";
  return html`<tr class="${look}">
    ${cells.map((cell) => html`<td>${cell}</td>`)}
    <td class="text">${failuresText(step)}</td>
    <td>${marksOf(step)}</td>
  </tr>`;
}

function facts({ machine, requests, protocol, method, server }: BenchReport): Html {
  const rows: readonly (readonly [string, string])[] = [
    ["Requests", requests.map(({ name, bodyBytes }) => `${name} (${byteText(bodyBytes)})`).join(", ")],
    ["Protocol", protocol === "auto" ? "as each request is written" : protocol],
    ["Connections", `${method.connections} at most, given up after ${method.timeoutMs} ms`],
    ["Server", server.isOwn ? "started for this, on the machine of the load generator" : server.url],
    [
      server.isOwn ? "Machine" : "Load generator",
      `${machine.cpuModel}, ${machine.cpus} CPUs (${Number(machine.grantedCpus.toFixed(2))} granted), ${byteText(machine.memoryBytes)}`,
    ],
    ["System", `${machine.system}, Node ${machine.node}`],
  ];
  return html`<dl>
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}
