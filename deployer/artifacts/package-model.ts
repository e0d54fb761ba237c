import { contentHash, hashFiles } from "./content-hash.ts";
import { detectFormat } from "./detect.ts";
import { fileKind } from "./file-kind.ts";
import type { FormatContext } from "./formats/format.ts";
import { STANDARD_FORMATS } from "./formats/registry.ts";
import { NEWEST_KSERVE, parseKServeVersion } from "./kserve-version.ts";
import { type ModelSource, readSource } from "./model-source.ts";
import { fileProblem } from "./problems.ts";
import type { TorchServeOptions } from "./torchserve/options.ts";
import type { ModelFormat, ModelWarning, PackagedModel } from "./types.ts";

/** What packageModel may be told. */
export interface PackageOptions {
  /** The model's file or folder. */
  readonly path: string;
  /** The model's name. Triton's folder and TorchServe's archive are named after it. */
  readonly modelName: string;
  /** Default: found by the files' content. */
  readonly format?: ModelFormat;
  /** The release of KServe in the cluster, such as `v0.13.1`. Default: the newest known, v0.20. */
  readonly kserveVersion?: string;
  /** The runtime, or its version, is not KServe's own: what depends on that alone is not refused. Default false. */
  readonly ownRuntime?: boolean;
  /** How weights of PyTorch become an archive. Not needed where there is one already. */
  readonly torchServe?: TorchServeOptions;
  /** Ends it; hashing a large model takes a while. */
  readonly signal?: AbortSignal;
}

/** A pointer is some 130 bytes. */
const MAX_LFS_POINTER_BYTES = 1024;

/**
 * Makes a model of a standard format ready for its store: recognised, verified against what the runtime of that KServe
 * takes, laid out and hashed. Nothing is written or copied: contents are read when they are uploaded.
 * @throws KtsError KTS_MODEL_FORMAT_UNKNOWN, KTS_MODEL_FILE_INVALID, KTS_MODEL_UNSUPPORTED or KTS_CONFIG_INVALID; each says
 * what was expected, what came, and how to mend it
 * @example const { files, contentHash } = await packageModel({ path: "model.joblib", modelName: "iris" });
 */
export async function packageModel(options: PackageOptions): Promise<PackagedModel> {
  const source = await readSource(options.path);
  refusePointers(source);
  const format = options.format ?? detectFormat(source);
  const warnings: ModelWarning[] = [];
  const context: FormatContext = {
    modelName: options.modelName,
    kserve: options.kserveVersion === undefined ? NEWEST_KSERVE : parseKServeVersion(options.kserveVersion),
    ownRuntime: options.ownRuntime ?? false,
    torchServe: options.torchServe,
    warn: (warning) => warnings.push(warning),
  };
  const laidOut = await STANDARD_FORMATS[format].layOut(source, context);
  const hashed = await hashFiles(laidOut.files, options.signal);
  return {
    ...laidOut,
    format,
    files: hashed,
    warnings,
    sizeBytes: hashed.reduce((sum, { content }) => sum + content.sizeBytes, 0),
    contentHash: contentHash(hashed),
  };
}

/** A clone without git lfs has small texts in place of every large file. */
function refusePointers(source: ModelSource): void {
  for (const file of source.files) {
    if (file.sizeBytes > MAX_LFS_POINTER_BYTES || fileKind(file) !== "git-lfs-pointer") continue;
    throw fileProblem(file.file, {
      expected: "the file itself",
      got: "a Git LFS pointer, which only names it",
      hint: "Run git lfs pull in the repository that it comes from.",
    });
  }
}
