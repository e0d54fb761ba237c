/*
 * What is to be built, as data: `plan` makes it from a project's files, every engine lays the same image from it.
 */

/** Processor architectures that images are built for, in Docker's and OCI's words. */
export type Architecture = "amd64" | "arm64";

/** What an image runs on; `linux/amd64` in flags and messages. */
export interface Platform {
  readonly os: "linux";
  readonly architecture: Architecture;
}

/** Where the contents of a planned file are. */
export type FileSource =
  | { readonly kind: "file"; /** Absolute, on this machine. */ readonly path: string; readonly bytes: number }
  | { readonly kind: "bytes"; readonly contents: Uint8Array }
  | { readonly kind: "link"; /** As the link says it. */ readonly target: string };

/** One file of the image. Its folders come with it; it belongs to root and cannot be written by the server. */
export interface PlannedFile {
  /** Absolute in the image, with `/`: `/app/predictor.js`. */
  readonly path: string;
  readonly source: FileSource;
  /** Whether it may be executed: mode 0755 in place of 0644. */
  readonly executable: boolean;
}

/** The layers above the base, from the most stable to the most volatile. */
export const LAYER_NAMES = ["server", "dependencies", "model", "predictor", "config"] as const;
/** A layer's name. */
export type LayerName = (typeof LAYER_NAMES)[number];

/** One layer. Planned only where it has files. */
export interface PlannedLayer {
  readonly name: LayerName;
  /** By path, each path once. */
  readonly files: readonly PlannedFile[];
  /** Bytes of all files, uncompressed. */
  readonly bytes: number;
  /** `sha256:` over the paths, modes and contents of the files: the same files give the same hash, anywhere. */
  readonly hash: string;
}

/** How a container of the image starts: the part of an OCI image configuration that we set. */
export interface ImageSettings {
  /** Numeric, as a pod's `runAsNonRoot` needs it: `65532:65532`. */
  readonly user: string;
  readonly workingDir: string;
  /** Added to the base's; a name that the base has is replaced. */
  readonly env: Readonly<Record<string, string>>;
  /** What a container runs; KServe's `args` are appended to it. */
  readonly entrypoint: readonly string[];
  /** Ports the server listens on: 8080 and 8081. */
  readonly exposedPorts: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string;
  readonly healthcheck: Healthcheck;
}

/** Docker's own probe; Kubernetes does not look at it. */
export interface Healthcheck {
  /** Without a shell. */
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly retries: number;
}

/** Everything an engine needs to know. The same plan gives the same image. */
export interface BuildPlan {
  /** Image that the layers are laid on: `node:24-bookworm-slim`. */
  readonly base: string;
  readonly platform: Platform;
  /** In the order of {@link LAYER_NAMES}. */
  readonly layers: readonly PlannedLayer[];
  readonly image: ImageSettings;
  /**
   * A command of the image, run once by root when the server layer is laid: it fills the compile cache with the
   * image's own Node. An image works without it, and starts a little later. Undefined: there is nothing to run.
   */
  readonly prepare?: readonly string[] | undefined;
  /** What is in the dependencies, as CycloneDX JSON: attached to the image where it is published. Absent: none are. */
  readonly sbom?: Uint8Array;
  /** `sha256:` over base, platform, layers and settings: what did not change need not be built again. */
  readonly hash: string;
  /** What the user should know, a sentence each: what was left out and why, what looks wrong. */
  readonly warnings: readonly string[];
}

/** `linux/amd64` */
export function platformName({ os, architecture }: Platform): string {
  return `${os}/${architecture}`;
}
