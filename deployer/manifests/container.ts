import type {
  ComponentConfig,
  EnvConfig,
  GpuConfig,
  QuantitySetting,
  ResourcesConfig,
} from "../../contract/deploy-config.ts";
import { gpuOf } from "../config/settings.ts";
import { type Members, compact } from "./manifest.ts";
import type { DeployPlan } from "./plan.ts";
import { GRPC_PORT, HTTP_PORT } from "./ports.ts";
import { probes } from "./probes.ts";

/** Name of the container that KServe sends requests to. */
const CONTAINER = "kserve-container";

/** What a container of our server is made of. */
export type ServerContainer = Pick<
  ComponentConfig,
  "image" | "command" | "args" | "env" | "resources" | "gpu"
>;

/**
 * A pod's part of a component that runs our server: the container, and what a stopping pod needs. The server's options
 * are variables, not arguments, so that another server's image, which knows none of them, starts as well; a variable of
 * the user's own outranks ours.
 */
export function serverPod(container: ServerContainer, ownEnv: EnvConfig, plan: DeployPlan): Members {
  const { settings, mode } = plan;
  const { drainDelayMs, gracePeriodMs, startupTimeoutSeconds } = settings;
  const standard = mode === "Standard";
  const env: EnvConfig = {
    ...ownEnv,
    // Knative's own proxy goes on serving while routers forget the pod.
    ...(standard && { KSERVE_TS_DRAIN_DELAY_MS: drainDelayMs }),
    KSERVE_TS_GRACE_PERIOD_MS: gracePeriodMs,
    ...container.env,
  };
  const readOnly = settings.podSecurity === "restricted";
  return compact({
    containers: [
      compact({
        name: CONTAINER,
        image: container.image,
        command: container.command,
        args: container.args,
        env: envList(env),
        ports: ports(plan),
        ...probes(mode, startupTimeoutSeconds),
        resources: resourcesOf(container.resources, container.gpu),
        securityContext: readOnly ? { ...RESTRICTED, readOnlyRootFilesystem: true } : undefined,
        volumeMounts: readOnly ? [{ name: "tmp", mountPath: "/tmp" }] : undefined,
      }),
    ],
    volumes: readOnly ? [{ name: "tmp", emptyDir: {} }] : undefined,
    // Knative allows no other than its own.
    terminationGracePeriodSeconds: standard ? graceSeconds(drainDelayMs + gracePeriodMs) : undefined,
  });
}

/** The drain and the grace period, and a little for the server to unload and leave by itself. */
function graceSeconds(servingMs: number): number {
  return Math.ceil(servingMs / 1000) + 5;
}

/** Knative takes one port; on Standard the second is the Service's for gRPC, by its own number. */
function ports({ mode }: DeployPlan): readonly Members[] {
  if (mode === "Knative") return [{ name: "http1", containerPort: HTTP_PORT, protocol: "TCP" }];
  return [
    { name: "http", containerPort: HTTP_PORT, protocol: "TCP" },
    { name: "grpc", containerPort: GRPC_PORT, protocol: "TCP" },
  ];
}

/** What PodSecurity's level `restricted` asks of a container. On the container, since Knative takes none on the pod. */
export const RESTRICTED: Members = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};

/** Variables in Kubernetes' form, in the order of their names, so that the order of writing rolls nothing out. */
export function envList(env: EnvConfig = {}): readonly Members[] {
  const names = Object.keys(env).toSorted();
  return names.map((name) => {
    const value = env[name];
    if (typeof value !== "object") return { name, value: String(value) };
    const optional = value.optional === undefined ? {} : { optional: value.optional };
    return "secret" in value
      ? { name, valueFrom: { secretKeyRef: { name: value.secret, key: value.key, ...optional } } }
      : { name, valueFrom: { configMapKeyRef: { name: value.configMap, key: value.key, ...optional } } };
  });
}

/** Requests and limits with the GPUs among the limits, which Kubernetes takes for requests too. */
export function resourcesOf(resources: ResourcesConfig = {}, gpu?: number | GpuConfig): Members | undefined {
  const { count = 0, resource = "" } = gpu === undefined ? {} : gpuOf(gpu);
  const limits = { ...amounts(resources.limits), ...(count > 0 && { [resource]: String(count) }) };
  const all = compact({ requests: amounts(resources.requests), limits });
  return Object.keys(all).length === 0 ? undefined : all;
}

function amounts(values: Readonly<Record<string, QuantitySetting>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
