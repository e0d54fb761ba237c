/** What a server does when it goes badly: `node bench/staying-up.ts --help`. Ends with 1 when something does not hold. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isBuilt } from "./servers/kinds.ts";
import { canPin, LOAD_CORE, pinThisProcess, SERVER_CORE } from "./servers/pinning.ts";
import { crowd } from "./staying-up/crowd.ts";
import { leavers } from "./staying-up/leavers.ts";
import { overload } from "./staying-up/overload.ts";
import { type ScenarioResult, broken, failures, toMarkdown } from "./staying-up/report.ts";
import type { Scenario, StayingUpSettings } from "./staying-up/scenario.ts";
import { sigterm } from "./staying-up/sigterm.ts";
import { slowBodies } from "./staying-up/slow-bodies.ts";
import { soak } from "./staying-up/soak.ts";
import { workerKill } from "./staying-up/worker-kill.ts";

const SCENARIOS: readonly Scenario[] = [workerKill, sigterm, overload, leavers, slowBodies, crowd, soak];
const RESULTS = fileURLToPath(new URL("./results/", import.meta.url));
const JSON_FILE = `${RESULTS}staying-up.json`;
/** Files that a process has open beside its connections. */
const OTHER_FILES = 200;

const USAGE = `Usage: node bench/staying-up.ts [options]

  --quick          10 s a scenario, a soak of 30 s, 1,000 idle connections, 200 slow bodies and leavers
  --only a,b       only these scenarios: ${SCENARIOS.map(({ name }) => name).join(", ")}
  --keep           keep the others of the last run in the report
  --seconds S      length of a scenario (60)
  --minutes M      length of the soak (10)
  --idle N         idle connections (10,000, or as many as the limit of open files allows)
  --slow N         clients that send a byte a second (1,000)
  --leavers N      clients that leave in the middle (1,000)
`;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
    only: { type: "string" },
    keep: { type: "boolean", default: false },
    seconds: { type: "string" },
    minutes: { type: "string" },
    idle: { type: "string" },
    slow: { type: "string" },
    leavers: { type: "string" },
  },
});

if (values.help) console.log(USAGE);
else await run();

async function run(): Promise<void> {
  const { quick } = values;
  const cores = availableParallelism();
  const pinned = canPin();
  if (pinned) pinThisProcess(LOAD_CORE);
  const settings: StayingUpSettings = {
    own: isBuilt() ? "dist" : "source",
    core: pinned ? SERVER_CORE : undefined,
    seconds: Number(values.seconds ?? (quick ? 10 : 60)),
    soakSeconds: Number(values.minutes ?? (quick ? 0.5 : 10)) * 60,
    idleConnections: Math.min(Number(values.idle ?? (quick ? 1_000 : 10_000)), openFiles() - OTHER_FILES),
    slowBodies: Number(values.slow ?? (quick ? 200 : 1_000)),
    leavers: Number(values.leavers ?? (quick ? 200 : 1_000)),
  };
  const wanted = values.only?.split(",");
  const unknown = wanted?.find((name) => SCENARIOS.every((scenario) => scenario.name !== name));
  if (unknown !== undefined) throw new Error(`--only: there is no scenario ${unknown}\n${USAGE}`);
  const results: ScenarioResult[] = [];
  for (const scenario of SCENARIOS) {
    if (wanted !== undefined && !wanted.includes(scenario.name)) continue;
    console.log(`${new Date().toISOString().slice(11, 19)} ${scenario.name} ...`);
    results.push(await play(scenario, settings));
  }
  const date = new Date().toISOString().slice(0, 10);
  const where = pinned ? "server on one core, clients on another" : "NOT pinned to cores";
  const machine = `${cores} cores, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${date}; ${where}.`;
  const report = values.keep ? withEarlier(results) : results;
  const markdown = toMarkdown(machine, report);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}staying-up.md`, markdown);
  writeFileSync(JSON_FILE, `${JSON.stringify({ machine, settings, results: report }, null, 2)}\n`);
  console.log(`\n${toMarkdown(machine, results)}`);
  for (const failure of failures(results)) {
    console.error(failure);
    process.exitCode = 1;
  }
}

async function play(scenario: Scenario, settings: StayingUpSettings): Promise<ScenarioResult> {
  try {
    const { name, what } = scenario;
    return { name, what, ...(await scenario.run(settings)) };
  } catch (error) {
    return broken(scenario, error);
  }
}

/** These results, and of the scenarios that were left out those of the last run. */
function withEarlier(results: readonly ScenarioResult[]): ScenarioResult[] {
  if (!existsSync(JSON_FILE)) return [...results];
  const earlier = JSON.parse(readFileSync(JSON_FILE, "utf8")) as { readonly results: ScenarioResult[] };
  return SCENARIOS.flatMap(({ name }) => {
    const isNamed = (result: ScenarioResult) => result.name === name;
    return results.find(isNamed) ?? earlier.results.find(isNamed) ?? [];
  });
}

/** How many files, connections among them, a process may have open. Node raises the soft limit to the hard one. */
function openFiles(): number {
  const limit = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  return limit === "unlimited" ? Infinity : Number(limit);
}
