import { LABELS } from "../plan/labels.ts";
import type { ProofReport } from "./proof-report.ts";

export { type ProofOptions, proveImage } from "./prove-image.ts";
export type { ExampleProof, ModelSignature, ProofExample, ProofReport } from "./proof-report.ts";

/** The labels that a proof adds to its image. */
export function proofLabels({
  coldStartMs,
  idleMemoryBytes,
  memoryLimitBytes,
  examples,
  signature,
  nodeVersion,
}: ProofReport): Record<string, string> {
  const proof = { coldStartMs, idleMemoryBytes, memoryLimitBytes, examples: examples.length };
  return {
    [LABELS.nodeVersion]: nodeVersion,
    [LABELS.signature]: JSON.stringify(signature),
    [LABELS.proof]: JSON.stringify(proof),
  };
}
