import type * as Onnxruntime from "onnxruntime-node";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { findPackage, requiresOf } from "./package-lookup.ts";

/** onnxruntime-node's exports. */
export type OnnxruntimePackage = typeof Onnxruntime;

const PACKAGE = "onnxruntime-node";

/** Its install script downloads CUDA libraries, which fails on many networks and is not needed on a CPU. */
const INSTALL = `npm install ${PACKAGE} --ignore-scripts`;

/**
 * Loads onnxruntime-node: the project's own copy, so that the project chooses the version, else the one beside us.
 * @param folders to resolve from, best first
 * @throws KtsError KTS_ENGINE_MISSING when there is none, or it does not run on this machine
 */
export function requireOnnxruntime(folders: readonly string[]): OnnxruntimePackage {
  for (const require of requiresOf(folders)) {
    const found = findPackage(require, PACKAGE);
    if (found !== undefined) return load(require, found.path);
  }
  throw new KtsError(
    "KTS_ENGINE_MISSING",
    `an ONNX model needs the package ${PACKAGE}, which is not installed`,
    {
      hint: `Run ${INSTALL}`,
    },
  );
}

function load(require: NodeJS.Require, path: string): OnnxruntimePackage {
  try {
    return require(path) as OnnxruntimePackage;
  } catch (error) {
    const where = `${process.platform} ${process.arch}`;
    const why = messageOf(error).split("\n")[0];
    throw new KtsError(
      "KTS_ENGINE_MISSING",
      `${PACKAGE} is installed but does not load on ${where}: ${why}`,
      {
        cause: error,
        hint: `Its binaries need glibc (not Alpine) and a supported platform. Install it again: ${INSTALL}`,
      },
    );
  }
}
