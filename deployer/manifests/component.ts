import type { BatcherConfig, LoggerConfig, ScalingConfig } from "../../contract/deploy-config.ts";
import type { ComponentConfig } from "../../contract/deploy-config.ts";
import { serverPod } from "./container.ts";
import { type Members, compact } from "./manifest.ts";
import type { DeployPlan } from "./plan.ts";

/** KServe's members of a component beside its pod: how many there are, and what stands in front of it. */
export function extension(
  component: ScalingConfig & { readonly logger?: LoggerConfig; readonly batcher?: BatcherConfig },
): Members {
  const { logger, batcher } = component;
  return compact({
    minReplicas: component.minReplicas ?? component.replicas,
    maxReplicas: component.maxReplicas ?? component.replicas,
    scaleMetric: component.scaleMetric,
    scaleTarget: component.scaleTarget,
    autoScaling: component.autoScaling,
    containerConcurrency: component.containerConcurrency,
    timeout: component.timeoutSeconds,
    // KServe's webhook takes no empty mode.
    logger: logger === undefined ? undefined : { mode: "all", ...logger },
    batcher: batcher === undefined ? undefined : batcherOf(batcher),
  });
}

function batcherOf({ maxBatchSize, maxLatencyMs, timeoutSeconds }: BatcherConfig): Members {
  return compact({ maxBatchSize, maxLatency: maxLatencyMs, timeout: timeoutSeconds });
}

/** Where a component's pods run, and as whom. */
export function placement(
  plan: DeployPlan,
  component: string,
  serviceAccountName: string | undefined,
): Members {
  const { name, nodeSelector, tolerations, spreadOver, imagePullSecrets } = plan.settings;
  return compact({
    serviceAccountName,
    imagePullSecrets: imagePullSecrets?.map((secret) => ({ name: secret })),
    nodeSelector,
    tolerations: tolerations?.map(({ operator, value, ...toleration }) => ({
      ...toleration,
      operator: operator ?? (value === undefined ? "Exists" : "Equal"),
      ...(value !== undefined && { value }),
    })),
    topologySpreadConstraints:
      spreadOver === undefined ? undefined : [spread(plan, `${name}-${component}`, spreadOver)],
  });
}

/** On Standard KServe labels the pods with the Service's name, on Knative Knative does. */
function spread({ mode }: DeployPlan, service: string, topologyKey: string): Members {
  const matchLabels =
    mode === "Standard" ? { app: `isvc.${service}` } : { "serving.knative.dev/service": service };
  return { maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels } };
}

/**
 * A transformer or an explainer. KServe itself appends its arguments: `--model_name`, `--predictor_host` and
 * `--http_port`.
 */
export function sideComponent(
  plan: DeployPlan,
  which: "transformer" | "explainer",
  component: ComponentConfig,
  serviceAccountName: string | undefined,
): Members {
  const { protocolVersion } = plan.settings;
  const ownEnv = protocolVersion === "v2" ? { KSERVE_TS_PREDICTOR_PROTOCOL: "v2" } : {};
  return {
    ...extension(component),
    ...placement(plan, which, serviceAccountName),
    ...serverPod(component, ownEnv, plan),
  };
}
