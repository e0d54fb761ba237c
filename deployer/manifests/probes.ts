import type { DeploymentMode } from "../../contract/deploy-config.ts";
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

/** KServe's MLServer, whose port is known: its manifest sets it, and nothing of ours changes it. */
const MLSERVER_RUNTIME = "kserve-mlserver";

/**
 * The readiness probe of a standard model, where KServe's own would be right too early: it asks for nothing but the port,
 * which MLServer opens while it loads the model. Only for the stock runtime by its name, as what KServe picks may be
 * somebody's own and listen elsewhere. All models are asked for, since a `model-settings.json` may name one differently.
 * Beside KServe's agent it is left out: before v0.20 that one is asked on no other path than `/`.
 */
export function standardReadiness({ mode, settings }: Pick<DeployPlan, "mode" | "settings">): Members {
  const { model, logger, batcher } = settings;
  if (model?.runtime !== MLSERVER_RUNTIME || mode !== "Standard") return {};
  if (logger !== undefined || batcher !== undefined) return {};
  return {
    readinessProbe: { ...httpGet(READY_PATH), timeoutSeconds: 5, periodSeconds: 5, failureThreshold: 3 },
  };
}

function httpGet(path: string): Members {
  return { httpGet: { path, port: HTTP_PORT } };
}
