import type { DeployConfig, DeploymentMode } from "../../contract/deploy-config.ts";
import { type DeployOverrides, layerDeployment } from "../../deployer/config/layers.ts";
import { parseDeployFile } from "../../deployer/config/parse.ts";
import { parseVersion } from "../../deployer/kserve-version.ts";
import type { DeployPlan } from "../../deployer/manifests/plan.ts";

/** A plan of a `deploy` section, on a cluster as it is said. */
export function planOf(
  deploy: DeployConfig,
  { mode = "Standard", version = "v0.20.0", ...rest }: PlanFacts = {},
): DeployPlan {
  const place: DeployOverrides["place"] = { deploymentMode: mode, namespace: "models" };
  const file = parseDeployFile({ deploy }, "kserve.config.ts");
  const { settings } = layerDeployment({ file, flags: { place }, folderName: "digits" });
  return { settings, namespace: "models", mode, version: parseVersion(version), ...rest };
}

export interface PlanFacts extends Partial<Omit<DeployPlan, "mode" | "version" | "settings">> {
  readonly mode?: DeploymentMode;
  readonly version?: string;
}

/** The least that each kind of predictor needs. */
export const KINDS = {
  custom: { image: `registry.example.com/digits@sha256:${"0".repeat(64)}` },
  tensorflow: { predictor: "tensorflow", model: "gs://models/flowers" },
  pytorch: { predictor: "pytorch", model: "s3://models/mnist" },
  sklearn: { predictor: "sklearn", model: "s3://models/iris" },
  xgboost: { predictor: "xgboost", model: "pvc://models/iris" },
  onnx: { predictor: "onnx", model: "s3://models/digits" },
  lightgbm: { predictor: "lightgbm", model: "https://models.example.com/iris.zip" },
  huggingface: { predictor: "huggingface", model: "hf://google-bert/bert-base-uncased" },
  triton: { predictor: "triton", model: "s3://models/repository" },
} as const satisfies Record<string, DeployConfig>;
