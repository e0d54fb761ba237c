import { readdirSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { type FoundPackage, findPackage } from "./package-lookup.ts";

/** The last release; TensorFlow.js is no longer developed. */
export const TFJS_VERSION = "4.22.0";

export const TFJS_NODE = "@tensorflow/tfjs-node";

/** Its installer fetches libtensorflow from a host that many networks do not reach; PyPI's wheel has the same library. */
export const INSTALL_TFJS_NODE =
  `Run npm install ${TFJS_NODE}@${TFJS_VERSION} (its installer downloads libtensorflow from storage.googleapis.com). ` +
  `Where that is blocked: add --ignore-scripts, link include/ and libtensorflow_cc.so.2 (as libtensorflow.so and ` +
  `libtensorflow.so.2) and libtensorflow_framework.so.2 of PyPI's tensorflow-cpu wheel into ` +
  `node_modules/${TFJS_NODE}/deps/include and deps/lib, and run npx node-pre-gyp install --build-from-source there.`;

/** The native addon, as far as a SavedModel needs it. Numbers of tensors and models are its own handles. */
export interface TfjsAddon {
  /** TensorFlow's version, such as `2.21.0`. */
  readonly TF_Version: string;
  /** @param data a Float32Array, an Int32Array (two elements an INT64), a Uint8Array, or a list of bytes */
  createTensor(shape: readonly number[], dtype: number, data: unknown): number;
  deleteTensor(tensor: number): void;
  /** A copy of a tensor's data: as `createTensor` takes it, but a BigInt64Array for INT64. */
  tensorDataSync(tensor: number): unknown;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(model: number): void;
  /** Names of the graph, with commas between them. */
  runSavedModel(
    model: number,
    tensors: readonly number[],
    inputs: string,
    outputs: string,
  ): readonly { readonly id: number; readonly shape: number[]; readonly dtype: number }[];
  getNumOfTensors(): number;
}

/** tfjs-node as a folder resolves it; undefined where it is not installed. */
export function findTfjsNode(require: NodeJS.Require): FoundPackage | undefined {
  return findPackage(require, TFJS_NODE);
}

/**
 * Loads tfjs-node's native addon alone: all that a SavedModel needs, at a third of the package's time.
 * @throws KtsError KTS_ENGINE_MISSING when it has not been built, or does not load on this machine
 */
export function requireAddon({ require, path }: FoundPackage): TfjsAddon {
  const addon = addonPath(dirname(dirname(path)));
  if (addon === undefined) throw doesNotLoad("its native addon has not been built");
  try {
    return require(addon) as TfjsAddon;
  } catch (error) {
    throw doesNotLoad(messageOf(error), error);
  }
}

/** The addon of the newest Node-API that this Node has. */
function addonPath(packageFolder: string): string | undefined {
  const lib = join(packageFolder, "lib");
  const versions = entriesOf(lib)
    .map((name) => Number(/^napi-v(\d+)$/.exec(name)?.[1]))
    .filter((version) => version <= Number(process.versions.napi))
    .sort((a, b) => b - a);
  return versions
    .map((version) => join(lib, `napi-v${version}`))
    .filter((folder) => entriesOf(folder).includes("tfjs_binding.node"))
    .map((folder) => join(folder, "tfjs_binding.node"))[0];
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Loads the whole of tfjs-node.
 * @throws KtsError KTS_ENGINE_MISSING
 */
export function requireTfjsNode(found: FoundPackage): unknown {
  requireAddon(found);
  using _shim = shimUtil(dirname(found.path));
  try {
    return found.require(found.path);
  } catch (error) {
    throw doesNotLoad(messageOf(error), error);
  }
}

const SHIM_URL = "kserve-ts:tfjs-node-util";

const SHIM = `
const util = process.getBuiltinModule("node:util");
module.exports = Object.assign(Object.create(util), { isNullOrUndefined: (value) => value == null });
`;

/**
 * tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 removed (mended in tensorflow/tfjs#8425, which no release
 * has). Until it is disposed, its own modules get a util that still has it; nobody else does.
 */
function shimUtil(folder: string): Disposable {
  if ("isNullOrUndefined" in process.getBuiltinModule("node:util")) return { [Symbol.dispose]() {} };
  const own = `${pathToFileURL(folder).href}/`;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== "util" || context.parentURL?.startsWith(own) !== true)
        return next(specifier, context);
      return { url: SHIM_URL, format: "commonjs", shortCircuit: true };
    },
    load(url, context, next) {
      if (url !== SHIM_URL) return next(url, context);
      return { format: "commonjs", source: SHIM, shortCircuit: true };
    },
  });
  return { [Symbol.dispose]: () => hooks.deregister() };
}

function doesNotLoad(why: string, cause?: unknown): KtsError {
  const where = `${process.platform} ${process.arch}`;
  const line = why.trim().split("\n")[0];
  return new KtsError(
    "KTS_ENGINE_MISSING",
    `${TFJS_NODE} is installed but does not load on ${where}: ${line}`,
    { cause, hint: INSTALL_TFJS_NODE },
  );
}
