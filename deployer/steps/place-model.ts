import { KtsError } from "../../contract/errors.ts";
import type { DeploySettings } from "../config/settings.ts";
import type { PlacedModel } from "../manifests/plan.ts";
import { modelFolder } from "../storage/upload.ts";
import type { PackagedFiles } from "./package.ts";

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
    storageUri: `${store.replace(/\/+$/, "")}/${modelFolder(name, contentHash)}`,
    contentHash,
    // A setting's format outranks it; without one, a kind's name is its format's.
    ...(format !== undefined && format !== predictor && { format }),
  };
}
