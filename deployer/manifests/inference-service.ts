import type { DeploymentMode } from "../../contract/deploy-config.ts";
import { KtsError } from "../../contract/errors.ts";
import { type KserveVersion, hasFeature } from "../kserve-version.ts";
import { type Access, OWN_LABELS } from "./access.ts";
import { sideComponent } from "./component.ts";
import { isMarked, markImage } from "./image-marker.ts";
import { type Manifest, type Members, compact } from "./manifest.ts";
import type { DeployPlan } from "./plan.ts";
import { canaryPredictor, modelAnnotations, predictor } from "./predictor.ts";

/** Seconds that Knative waits for a revision by itself. */
const KNATIVE_PROGRESS_SECONDS = 600;

/** The InferenceService of a plan. */
export function inferenceService(plan: DeployPlan, access: Access): Manifest {
  const { settings, namespace } = plan;
  const { name, transformer, explainer } = settings;
  const account = access.serviceAccountName;
  return {
    apiVersion: "serving.kserve.io/v1beta1",
    kind: "InferenceService",
    metadata: {
      name,
      namespace,
      labels: { ...OWN_LABELS, ...access.labels, ...settings.labels },
      annotations: { ...ownAnnotations(plan, access), ...settings.annotations },
    },
    spec: compact({
      ...predictors(plan, account),
      transformer: transformer && sideComponent(plan, "transformer", transformer, account),
      explainer: explainer && sideComponent(plan, "explainer", explainer, account),
    }),
  };
}

/** The mode by the name that the release knows; newer ones take the older names as well, and not the other way. */
export function modeName(mode: DeploymentMode, version: KserveVersion): string {
  if (hasFeature(version, "modeNames")) return mode;
  return mode === "Standard" ? "RawDeployment" : "Serverless";
}

function ownAnnotations(plan: DeployPlan, access: Access): Readonly<Record<string, string>> {
  const { settings, mode, version } = plan;
  const slow = mode === "Knative" && settings.startupTimeoutSeconds > KNATIVE_PROGRESS_SECONDS;
  return {
    "serving.kserve.io/deploymentMode": modeName(mode, version),
    ...(settings.autoscalerClass !== undefined && {
      "serving.kserve.io/autoscalerClass": settings.autoscalerClass,
    }),
    ...(access.secretName !== undefined && { "serving.kserve.io/storageSecretName": access.secretName }),
    ...(slow && { "serving.knative.dev/progress-deadline": `${settings.startupTimeoutSeconds}s` }),
    // Before v0.11 a component had no annotations of its own.
    ...(!hasFeature(version, "componentMetadata") && modelAnnotations(plan)),
  };
}

/**
 * The predictor, and what a canary makes of it: a share of the traffic for the newest revision on Knative, a second
 * predictor beside the one that runs on Standard.
 */
function predictors(plan: DeployPlan, account: string | undefined): Members {
  const { canary } = plan.settings;
  if (canary === undefined) return { predictor: successor(plan, predictor(plan, account)) };
  const { trafficPercent } = canary;
  if (plan.mode === "Knative") {
    return { predictor: { canaryTrafficPercent: trafficPercent, ...predictor(plan, account) } };
  }
  const stable = requireStable(plan);
  const name = canary.name ?? (stable["name"] === "canary" ? "next" : "canary");
  if (stable["name"] === name) {
    const message = `deploy.canary.name: expected another name than the running predictor's, got "${name}"`;
    throw new KtsError("KTS_DEPLOY_INVALID", message);
  }
  const beside = { name, ...markImage(canaryPredictor(plan, account)) };
  checkAlike(stable, beside);
  return { predictor: markImage(stable), canary: [{ predictor: beside, trafficPercent }] };
}

/** A predictor in the place of the one that runs: a canary that was promoted keeps its name, and its mark. */
function successor({ mode, stable = {} }: DeployPlan, own: Members): Members {
  if (mode === "Knative") return own;
  const { name } = stable;
  return {
    ...(typeof name === "string" && name !== "" && { name }),
    ...(isMarked(stable) ? markImage(own) : own),
  };
}

function requireStable({ stable }: DeployPlan): Members {
  if (stable !== undefined) return stable;
  throw new KtsError("KTS_DEPLOY_INVALID", "deploy.canary: expected a deployment to stand beside, got none", {
    hint: "Deploy without a canary first.",
  });
}

/** KServe lays the canary over the running predictor: what only the latter has would be the canary's too. */
function checkAlike(stable: Members, canary: Members): void {
  const kinds = [stable, canary].map(({ model }) =>
    model === undefined ? "an image" : "a standard runtime",
  );
  const marks = [stable, canary].map(isMarked);
  if (kinds[0] !== kinds[1]) {
    const message = `deploy.canary: expected ${kinds[0]}, as the running predictor has, got ${kinds[1]}`;
    throw new KtsError("KTS_DEPLOY_INVALID", message, { hint: "Deploy it without a canary." });
  }
  if (kinds[0] === "an image" && marks[0] === true && marks[1] === false) {
    const message =
      "deploy.canary: expected an image with its model, as the running predictor's, got one beside a model.uri";
    throw new KtsError("KTS_DEPLOY_INVALID", message, { hint: "Deploy it without a canary." });
  }
}
