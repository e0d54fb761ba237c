/** How the server grows with workers, models, connections and bodies: `node bench/growth.ts [--quick] [--only a,b]`. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  type Curve,
  type GrowthSettings,
  overBodies,
  overConnections,
  overModels,
  overWorkers,
} from "./growth/curves.ts";
import { growthMarkdown, growthSvg } from "./growth/plots.ts";
import { LoadProcess } from "./load/load-process.ts";
import { isBuilt } from "./servers/kinds.ts";
import { canPin, LOAD_CORE, pinThisProcess, SERVER_CORE } from "./servers/pinning.ts";

const RESULTS = fileURLToPath(new URL("./results/", import.meta.url));
const CURVES = ["workers", "models", "connections", "bodies"] as const;
/** Files that a process has open beside its connections. */
const OTHER_FILES = 200;

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});
if (!isBuilt()) throw new Error("the built server is missing: npm run build");
const cores = availableParallelism();
const pinned = canPin();
if (pinned) pinThisProcess(LOAD_CORE);
const openFiles = Number(execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim());
const settings: GrowthSettings = {
  serverCore: pinned ? SERVER_CORE : undefined,
  allCores: pinned ? `0-${cores - 1}` : undefined,
  seconds: values.quick ? 1 : 3,
  mostConnections: Number.isNaN(openFiles) ? Infinity : openFiles - OTHER_FILES,
};
const only = values.only?.split(",");
const curves = new Map(lastCurves().map((curve) => [curve.name, curve]));
await using load = await LoadProcess.start(pinned ? LOAD_CORE : undefined);
for (const name of CURVES) {
  if (only !== undefined && !only.includes(name)) continue;
  console.log(`${new Date().toISOString().slice(11, 19)} ${name} ...`);
  curves.set(name, await measure(name));
  save();
}

function measure(name: (typeof CURVES)[number]): Promise<Curve> {
  switch (name) {
    case "workers":
      return overWorkers(load, settings);
    case "models":
      return overModels(settings);
    case "connections":
      return overConnections(load, settings);
    case "bodies":
      return overBodies(load, settings);
  }
}

/** With `--only` the other curves of the last run stay. */
function lastCurves(): readonly Curve[] {
  const path = `${RESULTS}growth.json`;
  if (only === undefined || !existsSync(path)) return [];
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly curves: readonly Curve[] }).curves;
}

function save(): void {
  const date = new Date().toISOString().slice(0, 10);
  const where = pinned ? "server on one core (workers: on all), load on another" : "NOT pinned to cores";
  const machine = `${cores} cores, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${date}; ${where}; windows of ${settings.seconds} s, one each.`;
  const all = CURVES.flatMap((name) => curves.get(name) ?? []);
  const markdown = growthMarkdown(machine, all);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}growth.json`, `${JSON.stringify({ machine, curves: all }, null, 2)}\n`);
  writeFileSync(`${RESULTS}growth.md`, markdown);
  writeFileSync(`${RESULTS}growth.svg`, growthSvg(all));
  console.log(markdown);
}
