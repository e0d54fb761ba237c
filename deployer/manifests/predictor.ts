import type { PredictorKind } from "../../contract/deploy-config.ts";
import { KtsError } from "../../contract/errors.ts";
import type { RuntimeWish } from "../cluster/runtimes.ts";
import { hasFeature } from "../kserve-version.ts";
import { extension, placement } from "./component.ts";
import { RESTRICTED, envList, resourcesOf, serverPod } from "./container.ts";
import { type Members, compact } from "./manifest.ts";
import type { DeployPlan, PlacedModel } from "./plan.ts";
import { MODEL_MOUNT } from "./ports.ts";
import { standardReadiness } from "./probes.ts";

/**
 * Kinds whose stock runtimes do not have V1, the protocol that KServe looks for where none is named: without it no
 * runtime would be found.
 */
const V2_KINDS: ReadonlySet<PredictorKind> = new Set(["onnx", "triton", "huggingface"]);

/** Hash of the model's files: KServe copies it to the pods, so that another model under one URI rolls them out. */
const MODEL_HASH_ANNOTATION = "kserve-ts/model-hash";

/** The predictor, as it stands alone. */
export function predictor(plan: DeployPlan, serviceAccountName: string | undefined): Members {
  return {
    ...extension(plan.settings),
    ...ownMetadata(plan),
    ...placement(plan, "predictor", serviceAccountName),
    ...implementation(plan),
  };
}

/** The members of a canary on Standard: KServe gives it its replicas, and refuses what scales. */
export function canaryPredictor(plan: DeployPlan, serviceAccountName: string | undefined): Members {
  const { timeoutSeconds, logger, batcher } = plan.settings;
  const unscaled = {
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(logger !== undefined && { logger }),
    ...(batcher !== undefined && { batcher }),
  };
  const { model, ...pod } = implementation(plan);
  return {
    ...extension(unscaled),
    ...ownMetadata(plan),
    ...placement(plan, "predictor", serviceAccountName),
    ...pod,
    // The CRD asks for a container's name here, and the webhook refuses one that is not empty.
    ...(model !== undefined && { model: { name: "", ...(model as Members) } }),
  };
}

/** The model of a plan: as it was placed, else the setting's URI. */
export function modelOf({ model, settings }: DeployPlan): PlacedModel | undefined {
  if (model !== undefined) return model;
  return settings.model?.uri === undefined ? undefined : { storageUri: settings.model.uri };
}

/** Annotations that change with the model. */
export function modelAnnotations(plan: DeployPlan): Readonly<Record<string, string>> {
  const hash = modelOf(plan)?.contentHash;
  return hash === undefined ? {} : { [MODEL_HASH_ANNOTATION]: hash };
}

/**
 * The predictor's own annotations. On the InferenceService they would reach the pods of a transformer, and of the
 * predictor that a canary stands beside, and start them anew.
 */
function ownMetadata(plan: DeployPlan): Members {
  if (!hasFeature(plan.version, "componentMetadata")) return {};
  return compact({ annotations: modelAnnotations(plan) });
}

function implementation(plan: DeployPlan): Members {
  return plan.settings.predictor === "custom" ? customServer(plan) : { model: standardModel(plan) };
}

function customServer(plan: DeployPlan): Members {
  const { settings } = plan;
  const image = plan.image ?? settings.image;
  if (image === undefined) {
    throw new KtsError(
      "KTS_DEPLOY_INVALID",
      "deploy.image: expected the image of the predictor, got nothing",
      {
        hint: "Build one with `kserve-ts build --push`, or name one.",
      },
    );
  }
  const { storageUri } = modelOf(plan) ?? {};
  const ownEnv = {
    KSERVE_TS_MODEL_NAME: settings.name,
    // KServe replaces it with where it put the model.
    ...(storageUri !== undefined && { STORAGE_URI: storageUri, KSERVE_TS_MODEL_DIR: MODEL_MOUNT }),
    ...(settings.protocolVersion !== undefined && { PROTOCOL: settings.protocolVersion }),
  };
  return serverPod({ ...settings, image }, ownEnv, plan);
}

/**
 * A model on a standard runtime: always `model`, never the older block by the framework's name, which only the webhook
 * turns into it.
 */
function standardModel(plan: DeployPlan): Members {
  const { settings } = plan;
  const { predictor: kind, args, env, resources, gpu, podSecurity } = settings;
  const { format, runtime, runtimeVersion } = settings.model ?? {};
  const model = modelOf(plan);
  if (model === undefined) {
    throw new KtsError(
      "KTS_DEPLOY_INVALID",
      `deploy.model: expected the model that ${kind} serves, got nothing`,
    );
  }
  const ownProtocol = runtime === undefined && format === undefined && V2_KINDS.has(kind) ? "v2" : undefined;
  const formatName = format?.name ?? model.format ?? kind;
  const formatVersion = format?.version ?? model.formatVersion;
  const protocolVersion = settings.protocolVersion ?? model.protocolVersion ?? ownProtocol;
  const wish: RuntimeWish = {
    format: formatName,
    protocol: protocolVersion ?? "v1",
    ...(formatVersion !== undefined && { formatVersion }),
    ...(runtime !== undefined && { runtime }),
  };
  return compact({
    modelFormat: compact({ name: formatName, version: formatVersion }),
    runtime,
    runtimeVersion,
    protocolVersion,
    storageUri: model.storageUri,
    args,
    env: envList(env),
    resources: resourcesOf(resources, gpu),
    ...standardReadiness(plan, wish),
    // Not a read-only root: several of the stock runtimes write there.
    securityContext: podSecurity === "restricted" ? RESTRICTED : undefined,
  });
}
