import { sourceDateEpoch } from "./source-date.ts";

/** What the labels of ours begin with. */
export const OWN_LABELS = "io.kserve-ts.";

/** Names of the labels that a plan sets; what is known only later (the proof, the base's Node) engines add. */
export const LABELS = {
  title: "org.opencontainers.image.title",
  baseName: "org.opencontainers.image.base.name",
  created: "org.opencontainers.image.created",
  serverVersion: "io.kserve-ts.server-version",
  modelName: "io.kserve-ts.model-name",
  modelHash: "io.kserve-ts.model-hash",
  engine: "io.kserve-ts.engine",
  planHash: "io.kserve-ts.plan-hash",
  /** Digest of the list of its dependencies. */
  sbom: "io.kserve-ts.sbom",
  nodeVersion: "io.kserve-ts.node-version",
  signature: "io.kserve-ts.signature",
  /** What was measured when the image proved itself, as JSON. */
  proof: "io.kserve-ts.proof",
  /** Names of the layers, from the bottom: each is the layer of a COPY. */
  layers: "io.kserve-ts.layers",
} as const;

/** What labels are made of. */
export interface LabelInput {
  readonly base: string;
  readonly version: string;
  readonly modelName: string | undefined;
  readonly modelHash: string | undefined;
  /** `onnxruntime-node@1.30.0`; none where the predictor computes by itself. */
  readonly engines: readonly string[];
  readonly own: Readonly<Record<string, string>>;
}

/**
 * The labels of an image. The time of the build is in them only where SOURCE_DATE_EPOCH (seconds since 1970) says it,
 * so that the same input gives the same image.
 */
export function imageLabels(
  { base, version, modelName, modelHash, engines, own }: LabelInput,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const epochSeconds = sourceDateEpoch(env);
  return {
    ...(modelName !== undefined && { [LABELS.title]: modelName, [LABELS.modelName]: modelName }),
    [LABELS.baseName]: base,
    ...(epochSeconds !== undefined && { [LABELS.created]: new Date(epochSeconds * 1000).toISOString() }),
    [LABELS.serverVersion]: version,
    ...(modelHash !== undefined && { [LABELS.modelHash]: modelHash }),
    ...(engines.length > 0 && { [LABELS.engine]: engines.join(", ") }),
    ...own,
  };
}
