import { KtsError } from "../../contract/errors.ts";
import type { DeploySettings } from "../config/settings.ts";
import type { PlacedModel } from "../manifests/plan.ts";
import type { PackagedFiles } from "./package.ts";

/** Digits of the content's hash in a model's path: enough that no two models of a store have the same. */
const HASH_DIGITS = 12;

/** Where a model's files lie below a store's prefix: another content lies elsewhere, so that nothing is overwritten. */
export function modelPath(name: string, contentHash: string): string {
  return `${name}/${contentHash.replace(/^sha256:/, "").slice(0, HASH_DIGITS)}`;
}

/**
 * A model as its manifest names it once it is uploaded.
 * @param store the target's, as `s3://bucket/prefix`
 * @throws KtsError KTS_CONFIG_INVALID where there is no store
 */
export function placedModel(
  { contentHash, format }: PackagedFiles,
  { name, predictor, model }: DeploySettings,
  store: string | undefined,
): PlacedModel {
  if (store === undefined) {
    throw new KtsError(
      "KTS_CONFIG_INVALID",
      `deploy.model: ${model?.uri} is on this machine, and there is no store to upload it to`,
      { hint: "Name one: --store s3://bucket/prefix, or the target's store in the config file." },
    );
  }
  return {
    storageUri: `${store.replace(/\/+$/, "")}/${modelPath(name, contentHash)}`,
    contentHash,
    // A setting's format outranks it; without one, a kind's name is its format's.
    ...(format !== undefined && format !== predictor && { format }),
  };
}
