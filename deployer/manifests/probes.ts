import type { DeploymentMode } from "../../contract/deploy-config.ts";
import type { Members } from "./manifest.ts";
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

function httpGet(path: string): Members {
  return { httpGet: { path, port: HTTP_PORT } };
}
