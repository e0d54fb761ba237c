import type { Problem } from "./problem.ts";
import type { DeploySettings } from "./settings.ts";

const KSERVE = "serving.kserve.io/";

/** Annotations that a setting of ours writes: written by hand they would contradict it, or pass unchecked. */
const OWN_SETTING: Readonly<Record<string, string>> = {
  [`${KSERVE}deploymentMode`]: "the target's deploymentMode",
  [`${KSERVE}autoscalerClass`]: "autoscalerClass",
  [`${KSERVE}storageSecretName`]: "secret",
  [`${KSERVE}stop`]: "the verbs stop and start",
};

/** What is wrong with labels, annotations and variables that KServe has a meaning for. */
export function metadataProblems({
  annotations,
  labels,
  env,
  gpu,
  resources,
}: DeploySettings): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [key, value] of Object.entries(annotations ?? {})) {
    const setting = OWN_SETTING[key];
    const path = `annotations[${JSON.stringify(key)}]`;
    if (setting !== undefined) problems.push({ path, expected: `none: use ${setting}`, got: value });
    else if (key.startsWith(`internal.${KSERVE}`)) {
      problems.push({ path, expected: "none: KServe writes these itself", got: value });
    }
  }
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!key.startsWith(KSERVE) && key !== "app" && key !== "component") continue;
    const path = `labels[${JSON.stringify(key)}]`;
    problems.push({ path, expected: "none: KServe selects the pods by it", got: value });
  }
  if (env?.["STORAGE_URI"] !== undefined) {
    problems.push({ path: "env.STORAGE_URI", expected: "none: use model", got: env["STORAGE_URI"] });
  }
  const protocol = env?.["PROTOCOL"];
  if (protocol !== undefined && protocol !== "v1" && protocol !== "v2") {
    problems.push({ path: "env.PROTOCOL", expected: "v1 or v2", got: protocol });
  }
  const limit = gpu === undefined ? undefined : resources?.limits?.[gpu.resource ?? ""];
  if (gpu !== undefined && limit !== undefined && String(limit) !== String(gpu.count)) {
    const path = `resources.limits[${JSON.stringify(gpu.resource)}]`;
    problems.push({ path, expected: `the number that gpu has, ${gpu.count}`, got: limit });
  }
  return problems;
}
