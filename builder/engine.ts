import type { BuildPlan, LayerName, Platform } from "./plan/build-plan.ts";

/** What an engine tells while it works. The terminal draws it, a pipe gets a line, `-o json` the event itself. */
export type BuildEvent =
  /** A step begins. The one before it is done. */
  | { readonly kind: "step"; readonly step: string; readonly index: number; readonly count: number }
  /** A line that a step printed. */
  | { readonly kind: "output"; readonly step: string; readonly line: string }
  /** How far a transfer is. `totalBytes` is undefined where it is not known. */
  | {
      readonly kind: "transfer";
      readonly step: string;
      readonly what: string;
      readonly doneBytes: number;
      readonly totalBytes: number | undefined;
    }
  /** A step had nothing to do. */
  | { readonly kind: "unchanged"; readonly step: string };

/** What every piece of work is given. */
export interface WorkOptions {
  /** Aborted by Ctrl-C: the work ends, and leaves nothing running or half done behind. */
  readonly signal: AbortSignal;
  /** Called for every event, in order. */
  readonly report: (event: BuildEvent) => void;
}

/** Size of a layer of a built image. */
export interface BuiltLayer {
  /** Undefined: of the base. */
  readonly name: LayerName | undefined;
  /** Uncompressed; as it is in the registry for a layer of the base that was never downloaded. */
  readonly bytes: number;
}

/** An image that an engine has built. */
export interface BuiltImage {
  /** As the user named it: `registry/digits:1`. */
  readonly reference: string;
  /** Identifies the image: the digest of its configuration, `sha256:...`. */
  readonly id: string;
  readonly platform: Platform;
  /** From the bottom. */
  readonly layers: readonly BuiltLayer[];
  readonly labels: Readonly<Record<string, string>>;
  /** Nothing was built: the image was there already. */
  readonly unchanged: boolean;
}

/** An image that a registry has. */
export interface PublishedImage {
  /** With the digest, for a manifest to pin: `registry/digits@sha256:...`. */
  readonly reference: string;
  /** Of the manifest, or of the index where there are several platforms. */
  readonly digest: string;
  /** Bytes that were sent; the rest was there. */
  readonly sentBytes: number;
}

/** What builds images. */
export interface ImageEngine {
  readonly name: "docker" | "oci";
  /**
   * Builds the image, or finds that it is there already.
   * @param reference what to call it
   * @throws KtsError KTS_BUILD_FAILED with the step and its last lines, KTS_ENGINE_UNREACHABLE, KTS_CANCELLED
   */
  build(plan: BuildPlan, reference: string, options: WorkOptions): Promise<BuiltImage>;
  /**
   * Sends a built image to the registry that its name says.
   * @throws KtsError KTS_REGISTRY_DENIED, KTS_REGISTRY_UNREACHABLE, KTS_PUSH_FAILED, KTS_CANCELLED
   */
  publish(image: BuiltImage, options: WorkOptions): Promise<PublishedImage>;
}
