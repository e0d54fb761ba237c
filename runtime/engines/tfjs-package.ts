import { dirname, sep } from "node:path";
import type * as Converter from "@tensorflow/tfjs-converter";
import type * as Core from "@tensorflow/tfjs-core";
import type * as Layers from "@tensorflow/tfjs-layers";
import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import { findPackage, requiresOf } from "./package-lookup.ts";
import { TFJS_NODE, TFJS_VERSION, findTfjsNode, requireTfjsNode } from "./tfjs-node-package.ts";
import type { TfjsFiles } from "./tfjs-file.ts";

/** What runs a TensorFlow.js model. */
export interface TfjsPackage {
  /** Where the tensors are: `tensorflow` (tfjs-node) or `wasm`. */
  readonly backend: "tensorflow" | "wasm";
  readonly tf: typeof Core;
  /** Undefined where the model's format does not need it. */
  readonly loadGraphModel: typeof Converter.loadGraphModel | undefined;
  readonly loadLayersModel: typeof Layers.loadLayersModel | undefined;
}

const CORE = "@tensorflow/tfjs-core";
const WASM = "@tensorflow/tfjs-backend-wasm";

/** The package that reads each format. */
const READER = {
  "graph-model": "@tensorflow/tfjs-converter",
  "layers-model": "@tensorflow/tfjs-layers",
} as const;

/**
 * Loads TensorFlow.js: tfjs-node where it is installed and works, else its WebAssembly backend; of each the
 * project's own copy first.
 * @throws KtsError KTS_ENGINE_MISSING
 */
export async function requireTfjs(
  folders: readonly string[],
  format: TfjsFiles["format"],
  log?: PredictorLog,
): Promise<TfjsPackage> {
  let failed: KtsError | undefined;
  for (const require of requiresOf(folders)) {
    const native = findTfjsNode(require);
    if (native !== undefined) {
      try {
        return await fromTfjsNode(requireTfjsNode(native));
      } catch (error) {
        if (!isKtsError(error)) throw error;
        failed ??= error;
      }
    }
    if (findPackage(require, WASM) === undefined) continue;
    if (failed !== undefined) log?.warn(`${failed.message}; the WebAssembly backend takes its place`);
    return fromWasm(require, format);
  }
  throw failed ?? missing([CORE, WASM, READER[format]]);
}

async function fromTfjsNode(exports: unknown): Promise<TfjsPackage> {
  const tf = exports as typeof Core & typeof Converter & typeof Layers;
  await tf.ready();
  const { loadGraphModel, loadLayersModel } = tf;
  return { backend: "tensorflow", tf, loadGraphModel, loadLayersModel };
}

async function fromWasm(require: NodeJS.Require, format: TfjsFiles["format"]): Promise<TfjsPackage> {
  const names = [CORE, WASM, READER[format]];
  const found = names.map((name) => findPackage(require, name));
  const absent = names.filter((_name, at) => found[at] === undefined);
  if (absent.length > 0) throw missing(absent);
  try {
    const [tf, wasm, reader] = names.map((name) => require(name) as unknown) as [
      typeof Core,
      { setWasmPaths(folder: string): void },
      Partial<typeof Converter & typeof Layers>,
    ];
    // Its own files, or it would look for them where this process was started.
    wasm.setWasmPaths(dirname(require.resolve(WASM)) + sep);
    await withoutCrashHandlers(async () => {
      if (!(await tf.setBackend("wasm"))) throw new Error("its WebAssembly backend does not start");
    });
    const { loadGraphModel, loadLayersModel } = reader;
    return { backend: "wasm", tf, loadGraphModel, loadLayersModel };
  } catch (error) {
    throw new KtsError(
      "KTS_ENGINE_MISSING",
      `TensorFlow.js is installed but does not load: ${messageOf(error)}`,
      {
        cause: error,
        hint: `Its packages must have one version. Run npm install ${names.map(versioned).join(" ")}`,
      },
    );
  }
}

/** What the WebAssembly loader adds would turn every crash of the process into one that seems to come from there. */
async function withoutCrashHandlers(start: () => Promise<void>): Promise<void> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as "exit")));
  await start();
  for (const [at, event] of events.entries()) {
    for (const listener of process.listeners(event as "exit")) {
      if (!before[at]?.has(listener)) process.removeListener(event, listener);
    }
  }
}

function missing(names: readonly string[]): KtsError {
  const what = names.length === 1 ? `the package ${names[0]}, which is` : `${names.join(", ")}, which are`;
  return new KtsError("KTS_ENGINE_MISSING", `a TensorFlow.js model needs ${what} not installed`, {
    hint: `Run npm install ${names.map(versioned).join(" ")}; ${TFJS_NODE}@${TFJS_VERSION} in their place is faster, and larger.`,
  });
}

function versioned(name: string): string {
  return `${name}@${TFJS_VERSION}`;
}
