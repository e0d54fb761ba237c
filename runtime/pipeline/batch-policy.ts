import type { Predictor } from "../../contract/predictor.ts";
import type { LoadedEngine } from "../engines/engine.ts";
import { whyRowsDepend } from "./batch-proof.ts";
import type { BatchPolicy } from "./executor.ts";

const DEFAULT_MAX_BATCH_SIZE = 64;

/** Whether requests share runs and how, or why they do not. */
export type BatchVerdict = { readonly policy: BatchPolicy } | { readonly reason: string };

/** A shared call would go out with the headers of one caller, his authorization among them, and the data of others. */
export const REMOTE_VERDICT: BatchVerdict = {
  reason: "each request asks the remote predictor with its own caller's headers",
};

/** Of each model once, however often the code around it changes. */
const proofs = new WeakMap<LoadedEngine, Promise<string | undefined>>();

function proofOf(engine: LoadedEngine): Promise<string | undefined> {
  let proof = proofs.get(engine);
  if (proof === undefined) {
    proof = whyRowsDepend(engine);
    proofs.set(engine, proof);
  }
  return proof;
}

/**
 * What the settings or the predictor say; where neither does and an engine runs the model, what trying it out shows.
 * @param batching the predictor's, unless the model's settings outrank it
 */
export async function decideBatching(
  predictor: Predictor,
  engine: LoadedEngine | undefined,
  batching: Predictor["batching"] = predictor.batching,
): Promise<BatchVerdict> {
  if (batching === false) return { reason: "batching is false" };
  if (batching !== undefined) {
    const { maxBatchSize = DEFAULT_MAX_BATCH_SIZE, maxDelayMs = 0 } = batching === true ? {} : batching;
    return { policy: { maxBatchSize, maxDelayMs, automatic: false } };
  }
  if (predictor.predict !== undefined || engine === undefined) {
    return { reason: "its predict is the predictor's own, which has no batching" };
  }
  const reason = await proofOf(engine);
  if (reason !== undefined) return { reason };
  return { policy: { maxBatchSize: DEFAULT_MAX_BATCH_SIZE, maxDelayMs: 0, automatic: true } };
}
