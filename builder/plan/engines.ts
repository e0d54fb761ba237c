import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import type { PlannedFile } from "./build-plan.ts";
import { findInstalled, findUpwards, readManifest } from "./package-folder.ts";

/** What runs models of a kind: packages, of which the first alternative that is installed is taken. */
interface EnginePackages {
  /** Undefined: a model file is none of its. */
  accepts(name: string): boolean;
  readonly alternatives: readonly (readonly string[])[];
}

const WASM = "@tensorflow/tfjs-backend-wasm";
const CORE = "@tensorflow/tfjs-core";
const TFJS_NODE = "@tensorflow/tfjs-node";

const ENGINES: readonly EnginePackages[] = [
  { accepts: (name) => name.endsWith(".onnx"), alternatives: [["onnxruntime-node"]] },
  { accepts: (name) => name === "saved_model.pb", alternatives: [[TFJS_NODE]] },
];

/** By the format that a model.json says: its reader, beside what computes. */
const TFJS_READERS: Readonly<Record<string, string>> = {
  "graph-model": "@tensorflow/tfjs-converter",
  "layers-model": "@tensorflow/tfjs-layers",
};

/** What the server looks for in the project by itself, where the project has it among its dependencies. */
const LOOKED_FOR = [
  "onnxruntime-node",
  TFJS_NODE,
  WASM,
  CORE,
  ...Object.values(TFJS_READERS),
  "@opentelemetry/sdk-node",
  "@opentelemetry/sdk-trace",
  "@opentelemetry/exporter-trace-otlp-http",
];

/** Where packages are looked for. */
export interface EngineSearch {
  readonly projectFolder: string;
  /** Ours: what the project does not have is taken in the version that this package has beside itself. */
  readonly packageFolder: string;
}

/**
 * The packages that the server itself needs, by name with the folder each is installed in: the engines of the model's
 * files, and what the project's package.json lists of the packages that the server looks for.
 * @throws KtsError KTS_BUILD_INPUT when an engine is not installed
 */
export async function enginePackages(
  model: readonly PlannedFile[],
  search: EngineSearch,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const listed = listedDependencies(search.projectFolder);
  for (const name of LOOKED_FOR.filter((each) => listed.has(each))) {
    const folder = findInstalled(name, search.projectFolder);
    if (folder !== undefined) found.set(name, folder);
  }
  for (const file of model) {
    const alternatives = await packagesFor(file);
    if (alternatives.length === 0) continue;
    for (const [name, folder] of firstInstalled(alternatives, search, file)) found.set(name, folder);
  }
  return found;
}

async function packagesFor({ path, source }: PlannedFile): Promise<readonly (readonly string[])[]> {
  const name = basename(path);
  const engine = ENGINES.find(({ accepts }) => accepts(name));
  if (engine !== undefined) return engine.alternatives;
  if (name !== "model.json" || source.kind !== "file") return [];
  const { format } = JSON.parse(await readFile(source.path, "utf8")) as { format?: string };
  const reader = TFJS_READERS[format ?? ""];
  return reader === undefined ? [] : [[TFJS_NODE], [CORE, WASM, reader]];
}

function firstInstalled(
  alternatives: readonly (readonly string[])[],
  { projectFolder, packageFolder }: EngineSearch,
  { path }: PlannedFile,
): Map<string, string> {
  for (const from of [projectFolder, packageFolder]) {
    for (const names of alternatives) {
      const folders = names.map((name) => [name, findInstalled(name, from)] as const);
      if (folders.every(([, folder]) => folder !== undefined)) return new Map(folders as [string, string][]);
    }
  }
  const names = (alternatives.at(-1) ?? []).join(" ");
  throw new KtsError("KTS_BUILD_INPUT", `${basename(path)} needs ${names}, which is not installed`, {
    hint: `Run npm install ${names} --ignore-scripts in ${projectFolder}.`,
  });
}

/** What is needed when the project runs, as opposed to when it is developed. */
function listedDependencies(projectFolder: string): ReadonlySet<string> {
  const folder = findUpwards("package.json", projectFolder);
  const { dependencies = {}, optionalDependencies = {} } = (folder && readManifest(folder)) || {};
  return new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies)]);
}
