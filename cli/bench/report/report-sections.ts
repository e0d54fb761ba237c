import { byteText } from "../../terminal/byte-text.ts";
import { settingsText } from "../settings.ts";
import type { Step } from "../step.ts";
import type { BenchReport, BenchRun } from "./bench-report.ts";
import { type Html, markup } from "./html.ts";
import { kneeText } from "./knee-text.ts";
import { latencyChart, throughputChart } from "./report-charts.ts";
import { failuresText, marksOf, msText, rateText } from "./step-rows.ts";

const LAG = "lag: how late requests left by the load generator's own doing (p99, ms)";
const CORES = "cores: what the server's process was busy with";
const MARKS = "~ fewer than 1000 answers; g: the load generator was late or busy itself.";

/** A setting: its knee, its curves and every step. */
export function runSection({ runs, goalP99Ms }: BenchReport, run: BenchRun, at: number): Html {
  const { server, steps, knee } = run;
  const name = server === null ? "The server" : settingsText(server);
  const sorted = steps.toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond);
  const legend = `Latencies in milliseconds. ${LAG}${server === null ? "" : `; ${CORES}`}. ${MARKS}`;
  return markup`<h2>${runs.length > 1 ? `Setting ${at + 1}: ` : ""}${name}</h2>
${knee === null ? "" : markup`<p>${kneeText(knee)}</p>`}
${figure("Latency against offered load", latencyChart(run, goalP99Ms))}
${figure("Answers against offered load", throughputChart(run))}
<h3>Every step</h3>
<div class="card"><table>
<thead><tr>${headings(server !== null)}</tr></thead>
<tbody>
${sorted.map((step) => stepRow(step, run))}
</tbody></table></div>
<p class="soft">${legend}</p>`;
}

function figure(title: string, chart: Html | undefined): Html {
  if (chart === undefined) return markup``;
  return markup`<h3>${title}</h3>
<div class="card">${chart}</div>`;
}

function headings(isOwn: boolean): readonly Html[] {
  const names = ["offered/s", "answered/s", "p50", "p90", "p99", "p99.9", "max", "requests", "lag"];
  return [
    ...[...names, ...(isOwn ? ["cores"] : [])].map((name) => markup`<th>${name}</th>`),
    markup`<th class="text">failed</th>`,
    markup`<th></th>`,
  ];
}

function stepRow(step: Step, { knee, server }: BenchRun): Html {
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
  const failed = markup`<td class="text">${failuresText(step)}</td><td>${marksOf(step)}</td>`;
  return markup`<tr class="${look}">${cells.map((cell) => markup`<td>${cell}</td>`)}${failed}</tr>`;
}

/** What was sent, to what, on which machine. */
export function factList({ machine, requests, protocol, method, server }: BenchReport): Html {
  const granted = Number(machine.grantedCpus.toFixed(2));
  const rows: readonly (readonly [string, string])[] = [
    ["Requests", requests.map(({ name, bodyBytes }) => `${name} (${byteText(bodyBytes)})`).join(", ")],
    ["Protocol", protocol === "auto" ? "as each request is written" : protocol],
    ["Connections", `${method.connections} at most, requests given up after ${method.timeoutMs} ms`],
    ["Server", server.isOwn ? "started for this, on the machine of the load generator" : server.url],
    [
      server.isOwn ? "Machine" : "Load generator",
      `${machine.cpuModel}, ${machine.cpus} CPUs (${granted} granted), ${byteText(machine.memoryBytes)}`,
    ],
    ["System", `${machine.system}, Node ${machine.node}`],
  ];
  return markup`<dl>
${rows.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}
</dl>`;
}
