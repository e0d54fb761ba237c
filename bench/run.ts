/** The benchmark: `npm run bench -- --help`. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { LoadProcess } from "./load/load-process.ts";
import { measureColdStarts } from "./measure/cold-start.ts";
import { measureHealth } from "./measure/health.ts";
import { measureSoak } from "./measure/soak.ts";
import { compare } from "./measure/throughput.ts";
import { toMarkdown } from "./report/markdown.ts";
import type { BenchResults } from "./report/results.ts";
import { judgeTargets } from "./report/targets.ts";
import { type ComparisonName, COMPARISONS } from "./sections.ts";
import { compileBaselines } from "./servers/compile.ts";
import { isBuilt } from "./servers/kinds.ts";
import { canPin, LOAD_CORE, pinThisProcess, SERVER_CORE } from "./servers/pinning.ts";
import { type BenchSettings, settingsFrom, USAGE } from "./settings.ts";

const RESULTS = fileURLToPath(new URL("./results/", import.meta.url));
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const HEALTH_WINDOWS = 3;

const settings = settingsFrom(process.argv.slice(2));
if (settings === "help") console.log(USAGE);
else await run(settings);

async function run(settings: BenchSettings): Promise<void> {
  if (settings.own === "dist" && !isBuilt()) {
    console.log("building ...");
    execFileSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "inherit" });
  }
  await compileBaselines();
  const cores = availableParallelism();
  const pinned = canPin();
  if (pinned) pinThisProcess(LOAD_CORE);
  else
    console.log("No taskset, or only one core: server and load generator are not pinned, compare with care.");
  const results = await measureAll(settings, cores, pinned);
  const markdown = toMarkdown(results);
  save("latest.json", `${JSON.stringify({ ...results, targets: judgeTargets(results) }, null, 2)}\n`);
  save("latest.md", markdown);
  console.log(`\n${markdown}`);
}

async function measureAll(settings: BenchSettings, cores: number, pinned: boolean): Promise<BenchResults> {
  const machine = {
    cores,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    date: new Date().toISOString().slice(0, 10),
    pinned,
  };
  const results: BenchResults = { machine, settings, comparisons: {} };
  const options = { own: settings.own, core: pinned ? SERVER_CORE : undefined };
  await using load = await LoadProcess.start(pinned ? LOAD_CORE : undefined);
  for (const section of settings.sections) {
    console.log(`${new Date().toISOString().slice(11, 19)} ${section} ...`);
    switch (section) {
      case "cold-start":
        results.coldStarts = await measureColdStarts(settings.starts, options);
        break;
      case "health":
        results.health = await measureHealth(settings.seconds * HEALTH_WINDOWS, load, options);
        break;
      case "soak":
        results.soak = await measureSoak(settings.soakRequests, load, options, reportSoak);
        break;
      default:
        results.comparisons[section] = await compare(COMPARISONS[section], settings, load, options);
        reportComparison(section, results);
    }
  }
  return results;
}

function reportComparison(name: ComparisonName, results: BenchResults): void {
  for (const { variant, connections, samples, failed } of results.comparisons[name] ?? []) {
    const rates = samples.map(({ perSecond }) => Math.round(perSecond)).join(" ");
    console.log(`  ${String(connections).padStart(2)} ${variant.padEnd(14)} ${failed ?? rates}`);
  }
}

function reportSoak(variant: string, sent: number, residentMb: number): void {
  console.log(`  ${variant.padEnd(14)} ${sent} requests, ${Math.round(residentMb)} MB`);
}

function save(file: string, text: string): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}${file}`, text);
}
