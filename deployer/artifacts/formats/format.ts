import type { KServeVersion } from "../kserve-version.ts";
import type { ModelSource } from "../model-source.ts";
import type { TorchServeOptions } from "../torchserve/options.ts";
import type { LaidOutModel, ModelFormat, ModelWarning } from "../types.ts";

/** What a format's checks may go by. */
export interface FormatContext {
  /** The model's name; folders of Triton and TorchServe's archive are named after it. */
  readonly modelName: string;
  readonly kserve: KServeVersion;
  /** The runtime is not KServe's own: what depends on its version alone is a warning. */
  readonly ownRuntime: boolean;
  readonly torchServe: TorchServeOptions | undefined;
  warn(warning: ModelWarning): void;
}

/** One format: how it is verified, and how it lies in the store. A new one is a file here and a line in registry.ts. */
export interface StandardFormat {
  readonly format: ModelFormat;
  /** What to give, for the error that lists the formats. */
  readonly takes: string;
  /**
   * @throws KtsError KTS_MODEL_FILE_INVALID when a file is broken, KTS_MODEL_UNSUPPORTED when the runtime would not load
   * it; both name the file, what was expected, what came and the way out
   */
  layOut(source: ModelSource, context: FormatContext): LaidOutModel | Promise<LaidOutModel>;
}
