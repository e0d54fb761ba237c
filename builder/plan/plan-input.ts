import type { Platform } from "./build-plan.ts";

/** Where the model of an image comes from. */
export type ModelInput =
  /** None: a cluster mounts it at /mnt/models (STORAGE_URI), or the predictor needs none. */
  | { readonly kind: "none" }
  /** A folder with everything in it; the model file, where an engine runs one, is named. */
  | { readonly kind: "folder"; readonly folder: string; readonly modelFile: string | undefined }
  /** A model file among others that are not of the model, with what belongs to it. */
  | { readonly kind: "file"; readonly modelFile: string };

/** Own files of this package, wherever it is installed. */
export interface OwnFiles {
  /** `dist/image`: the server's bundle and what goes with it. */
  readonly imageFolder: string;
  /** From where packages are resolved that the project does not have itself. */
  readonly packageFolder: string;
  /** Version of this package. */
  readonly version: string;
}

/** What a plan is made of. Paths are absolute. */
export interface PlanInput {
  /** The folder that is built. */
  readonly projectFolder: string;
  /** Its predictor module; undefined where an engine runs the model by itself. */
  readonly predictorPath: string | undefined;
  readonly model: ModelInput;
  /** Name in the URLs; undefined for a repository of several models. */
  readonly modelName: string | undefined;
  /** What `kserve.config.*` says, evaluated. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly own: OwnFiles;
}

/** How the caller would have it. */
export interface PlanOptions {
  /** Default: `node:24-bookworm-slim`. */
  readonly base?: string | undefined;
  /** Whether the base has this version's server already, so that it is not laid again. Default false. */
  readonly baseHasServer?: boolean;
  /** Default: linux on this machine's architecture. */
  readonly platform?: Platform | undefined;
  /** Labels beside, or in place of, ours. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Files of the project that go to /app, as patterns relative to the project: `labels.json`, `data/*.txt`. */
  readonly include?: readonly string[];
  /** Packages that are left out of the bundle, beside those that cannot be in it. */
  readonly external?: readonly string[];
  /** Files over 100 MB that belong into the image though they are no model. */
  readonly allowLarge?: readonly string[];
  /**
   * Where the compile cache of the server comes from. `image`: filled by the image's own Node, for engines that can
   * run a command in it. `package`: the one that this package was built with, which a Node of another version does
   * not look at. `none`. Default `image`.
   */
  readonly compileCache?: "image" | "package" | "none";
  /** Where staged dependencies are kept. Default: see `cacheFolder`. */
  readonly cacheFolder?: string;
  /** Aborts the staging of dependencies. */
  readonly signal?: AbortSignal;
  /** Told what takes time: a step and its lines. */
  readonly report?: (step: PlanStep, line: string | undefined) => void;
}

/** What planning does that takes time, in order. */
export type PlanStep = "bundle" | "dependencies" | "model";
