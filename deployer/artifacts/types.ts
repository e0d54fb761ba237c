import type { Content, Digests } from "./content.ts";

/** The formats of KServe's standard runtimes, by their names in `spec.predictor.model.modelFormat.name`. */
export const MODEL_FORMATS = [
  "tensorflow",
  "pytorch",
  "sklearn",
  "xgboost",
  "lightgbm",
  "onnx",
  "pmml",
  "paddle",
  "huggingface",
  "triton",
] as const;

/** A format that KServe serves without an image of one's own. */
export type ModelFormat = (typeof MODEL_FORMATS)[number];

/** How the files lie in the store: what the server wants to find in /mnt/models. */
export type StoreLayout =
  /** The model's own files, at the top. */
  | "flat"
  /** A folder per version, by number. */
  | "tensorflow-serving"
  /** model-store/ with archives, and config/config.properties. */
  | "torchserve"
  /** A model repository: a folder per model, in it a folder per version. */
  | "triton";

/** Something that a person should know of a model that can be deployed nevertheless. */
export interface ModelWarning {
  /** The file it is about, as it lies on this machine. */
  readonly path: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** A file as it is to lie in the store. */
export interface StoreFile {
  /** Its path below the model's folder in the store, with `/`. */
  readonly path: string;
  readonly content: Content;
  /** The file on this machine that it is a copy of; undefined where it was made. */
  readonly source: string | undefined;
}

/** A file with its digests. */
export interface HashedFile extends StoreFile, Digests {}

/** What is known of a model after its format's checks, before it is hashed. */
export interface LaidOutModel {
  readonly layout: StoreLayout;
  readonly files: readonly StoreFile[];
  /** Versions of the libraries that wrote the model, as far as its files say them; such as `{ "scikit-learn": "1.5.2" }`. */
  readonly frameworks: Readonly<Record<string, string>>;
  /** The names that requests go by, where they are those in the files and not the InferenceService's. */
  readonly servedAs?: readonly string[];
}

/** A model that is ready to be uploaded and named in an InferenceService. */
export interface PackagedModel extends LaidOutModel {
  readonly format: ModelFormat;
  /** In the order of their paths. */
  readonly files: readonly HashedFile[];
  readonly sizeBytes: number;
  /** `sha256:` and 64 hexadecimal digits: the same for the same paths and contents, wherever and whenever they lie. */
  readonly contentHash: string;
  readonly warnings: readonly ModelWarning[];
}
