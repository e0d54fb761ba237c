import { checkSettings } from "../config/check-settings.ts";
import { accessOf } from "./access.ts";
import { inferenceService } from "./inference-service.ts";
import type { Manifest } from "./manifest.ts";
import type { DeployPlan } from "./plan.ts";

/**
 * The manifests of a plan, in the order in which they are applied. Pure: the same plan gives the same manifests. A
 * Secret's values are `SecretText`: `revealSecrets` makes what a cluster takes, everything else shows them hidden.
 * @throws KtsError KTS_CONFIG_INVALID when a setting cannot be on this cluster, KTS_DEPLOY_INVALID when an image, a
 *   model or the running deployment is missing
 */
export function render(plan: DeployPlan): readonly Manifest[] {
  const { settings, mode, version, namespace, domain } = plan;
  checkSettings(settings, { mode, version, namespace, ...(domain !== undefined && { domain }) });
  const access = accessOf(plan);
  return [...access.manifests, inferenceService(plan, access)];
}
