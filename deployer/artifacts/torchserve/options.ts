import type { WorkerSettings } from "./config-properties.ts";

/** How weights become an archive that TorchServe serves. */
export interface TorchServeOptions {
  /**
   * A handler of TorchServe's own (`image_classifier`, `base_handler`, ...), or a file of Python, with or without the
   * function in it: `handler.py`, `handler.py:predict`.
   */
  readonly handler: string;
  /** The file with the model's class. Needed where the weights are a state dict; a TorchScript file has its own code. */
  readonly modelFile?: string;
  /** Files, and folders whose content goes in, that the handler reads, such as `index_to_name.json`. */
  readonly extraFiles?: readonly string[];
  /** A requirements.txt that TorchServe installs before it loads the model. */
  readonly requirementsFile?: string;
  /** A YAML file of TorchServe's settings of the model (`model-config.yaml`). */
  readonly modelConfigFile?: string;
  /** The model's version, in the archive and in TorchServe's start-up list. Default `1.0`. */
  readonly version?: string;
  /** Workers and batches. */
  readonly workers?: WorkerSettings;
  /** A config.properties of one's own; what it does not set is added. */
  readonly configProperties?: string;
}

/** The handlers that TorchServe has itself; they are named, not packed. */
export const BUILT_IN_HANDLERS: readonly string[] = [
  "base_handler",
  "image_classifier",
  "image_segmenter",
  "object_detector",
  "text_classifier",
  "dali_image_classifier",
];

export const DEFAULT_MODEL_VERSION = "1.0";
