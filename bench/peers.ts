/** Ours beside the Python servers: `npm run bench:peers -- --help`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { LoadProcess } from "./load/load-process.ts";
import { measureBatched } from "./peers/batched.ts";
import { comparePeers } from "./peers/compare-peers.ts";
import { hasH2load } from "./peers/h2load.ts";
import { installPeer, type PythonPeer } from "./peers/install.ts";
import { judgePeers, type PeerResults, peersMarkdown } from "./peers/peer-report.ts";
import { peerPlot } from "./peers/peer-plot.ts";
import { PEER_SECTIONS, type PeerSection, type PeerSectionName } from "./peers/sections.ts";
import { measurePeerStarts } from "./peers/starts.ts";
import type { SubjectName } from "./peers/subjects.ts";
import { isBuilt } from "./servers/kinds.ts";
import { canPin, LOAD_CORE, pinThisProcess, SERVER_CORE } from "./servers/pinning.ts";

const RESULTS = fileURLToPath(new URL("./results/", import.meta.url));
const PEERS: readonly PythonPeer[] = ["kserve", "fastapi", "mlserver"];
const STARTED: readonly SubjectName[] = ["ours, inline", "ours, worker", "kserve", "fastapi", "mlserver"];
const SECTIONS = [...(Object.keys(PEER_SECTIONS) as PeerSectionName[]), "batching", "cold-start"];
const FULL = { rounds: 5, seconds: 2, warmUpSeconds: 5, starts: 7 };
const QUICK = { rounds: 3, seconds: 1, warmUpSeconds: 3, starts: 3 };

const USAGE = `Usage: npm run bench:peers -- [options]

  --quick       1 s windows, 3 rounds, 3 starts
  --only a,b    only these sections: ${SECTIONS.join(", ")}
  --keep        keep the sections of the last run in the report
  --install     make the virtual environments, and measure nothing

KSERVE_TS_BENCH_CACHE is the folder of the virtual environments (default: kserve-ts-bench in the temporary folder),
KSERVE_TS_BENCH_PYTHON the Python that makes them (python3.11). gRPC needs h2load (Debian: nghttp2-client).
`;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    install: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
    only: { type: "string" },
  },
});
if (values.help) console.log(USAGE);
else await run();

async function run(): Promise<void> {
  if (!isBuilt()) throw new Error("the built server is missing: npm run build");
  const missing = await installAll();
  if (values.install) return;
  const wanted = values.only?.split(",") ?? SECTIONS;
  const unknown = wanted.find((name) => !SECTIONS.includes(name));
  if (unknown !== undefined) throw new Error(`--only: there is no section ${unknown}\n${USAGE}`);
  const cores = availableParallelism();
  const pinned = canPin();
  if (pinned) pinThisProcess(LOAD_CORE);
  const places = { serverCore: pinned ? SERVER_CORE : undefined, loadCore: pinned ? LOAD_CORE : undefined };
  const last = values.keep ? lastResults() : undefined;
  let results: PeerResults = {
    machine: {
      cores,
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      date: new Date().toISOString().slice(0, 10),
      pinned,
    },
    settings: values.quick ? QUICK : FULL,
    missing,
    comparisons: { ...last?.comparisons },
    ...(last?.starts && { starts: last.starts }),
    ...(last?.batched && { batched: last.batched }),
  };
  const without = new Set(Object.keys(missing) as SubjectName[]);
  await using load = await LoadProcess.start(places.loadCore);
  for (const name of wanted) {
    console.log(`${new Date().toISOString().slice(11, 19)} ${name} ...`);
    if (name === "batching") results = { ...results, batched: await measureBatched() };
    else if (name === "cold-start") {
      const started = STARTED.filter((subject) => !without.has(subject));
      const starts = await measurePeerStarts(started, results.settings.starts, places.serverCore);
      results = { ...results, starts };
    } else {
      const section: PeerSection = PEER_SECTIONS[name as PeerSectionName];
      if (section.request.startsWith("grpc-") && !hasH2load()) {
        console.log("  left out: there is no h2load (Debian: nghttp2-client)");
        continue;
      }
      const rows = await comparePeers(section, results.settings, load, places, without);
      results = { ...results, comparisons: { ...results.comparisons, [name]: rows } };
      for (const { variant, connections, samples, failed } of rows) {
        const rates = samples.map(({ perSecond }) => Math.round(perSecond)).join(" ");
        console.log(`  ${String(connections).padStart(2)} ${variant.padEnd(14)} ${failed ?? rates}`);
      }
    }
    save(results);
  }
  console.log(`\n${peersMarkdown(results)}`);
}

/** Installs the peers; those that do not go are left out, and the report says why. */
async function installAll(): Promise<Record<string, string>> {
  const missing: Record<string, string> = {};
  for (const peer of PEERS) {
    try {
      console.log(`${peer}: environment ...`);
      await installPeer(peer);
    } catch (error) {
      missing[peer] = (error as Error).message.split("\n", 1)[0] ?? "";
      console.log(`  left out: ${(error as Error).message}`);
    }
  }
  return missing;
}

function lastResults(): PeerResults | undefined {
  const path = `${RESULTS}peers.json`;
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8"), notNumbers) as PeerResults) : undefined;
}

function save(results: PeerResults): void {
  mkdirSync(RESULTS, { recursive: true });
  const all = { ...results, targets: judgePeers(results) };
  writeFileSync(`${RESULTS}peers.json`, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(`${RESULTS}peers.md`, peersMarkdown(results));
  writeFileSync(`${RESULTS}peers.svg`, peerPlot(results));
}

/** JSON has null where there was no number. */
function notNumbers(_key: string, value: unknown): unknown {
  return value === null ? NaN : value;
}
