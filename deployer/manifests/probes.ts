import type { DeploymentMode } from "../../contract/deploy-config.ts";
import { type RuntimeWish, runtimesFor } from "../cluster/runtimes.ts";
import type { Members } from "./manifest.ts";
import type { DeployPlan } from "./plan.ts";
import { HTTP_PORT, LIVE_PATH, READY_PATH } from "./ports.ts";

/** Seconds between two questions whether it has started: a replica is in service so much sooner. */
const STARTUP_PERIOD_SECONDS = 2;

/**
 * The probes of a container that runs our server. A model may take long to load, in which the server is alive and not
 * ready: the startup probe asks for readiness, and the other two begin after it. Ports are numbers, since KServe's
 * agent, which asks in the container's place where there is a logger or batcher, knows no names.
 */
export function probes(mode: DeploymentMode, startupTimeoutSeconds: number): Members {
  const ready = httpGet(READY_PATH);
  const live = { ...httpGet(LIVE_PATH), timeoutSeconds: 5, periodSeconds: 10, failureThreshold: 3 };
  // Knative had no startup probes before its v1.15: another server, which may not listen while it loads, needs the time.
  if (mode === "Knative") {
    return {
      readinessProbe: { ...ready, timeoutSeconds: 2, successThreshold: 1 },
      livenessProbe: { ...live, initialDelaySeconds: startupTimeoutSeconds },
    };
  }
  return {
    startupProbe: {
      ...ready,
      timeoutSeconds: 2,
      periodSeconds: STARTUP_PERIOD_SECONDS,
      failureThreshold: Math.ceil(startupTimeoutSeconds / STARTUP_PERIOD_SECONDS),
    },
    readinessProbe: { ...ready, timeoutSeconds: 2, periodSeconds: 5, failureThreshold: 3 },
    livenessProbe: live,
  };
}

/** KServe's own MLServer, and its port as its manifest has it: where the cluster's runtimes are not known. */
const MLSERVER_RUNTIME = "kserve-mlserver";

/** The variable by which KServe tells MLServer the model's name, and a setting another one. */
const MLSERVER_NAME = "MLSERVER_MODEL_NAME";

/**
 * The readiness probe of a standard model, where KServe's own would be right too early: it asks for nothing but the port,
 * which MLServer opens while it loads the model. Beside KServe's agent it is left out: before v0.20 that one is asked on
 * no other path than `/`.
 */
export function standardReadiness(
  { mode, settings, runtimes, model }: Pick<DeployPlan, "mode" | "settings" | "runtimes" | "model">,
  wish: RuntimeWish,
): Members {
  const { name, env, logger, batcher } = settings;
  if (mode !== "Standard" || logger !== undefined || batcher !== undefined) return {};
  const port = mlserverPort(runtimes, wish);
  if (port === undefined) return {};
  const every = { timeoutSeconds: 5, periodSeconds: 5, failureThreshold: 3 };
  // Files that were laid out here have no settings of MLServer's, which could name the model otherwise.
  const modelName = model?.contentHash === undefined ? undefined : (env?.[MLSERVER_NAME] ?? name);
  if (typeof modelName === "string") {
    const path = `/v2/models/${encodeURIComponent(modelName)}/ready`;
    return { readinessProbe: { ...httpGet(path, port), ...every } };
  }
  // A model that does not load is dropped, and while MLServer ends for it all of none are ready: once is not enough.
  return { readinessProbe: { ...httpGet(READY_PATH, port), ...every, successThreshold: 2 } };
}

/** The port of MLServer, where that is what KServe takes; of several, all have to be it. */
function mlserverPort(runtimes: DeployPlan["runtimes"], wish: RuntimeWish): number | undefined {
  if (runtimes === undefined) return wish.runtime === MLSERVER_RUNTIME ? HTTP_PORT : undefined;
  const [first, ...others] = runtimesFor(runtimes, wish).map((runtime) => runtime.mlserverPort);
  return others.every((port) => port === first) ? first : undefined;
}

function httpGet(path: string, port = HTTP_PORT): Members {
  return { httpGet: { path, port } };
}
