import type { DeployConfig, PredictorKind } from "../../contract/deploy-config.ts";
import { hasFeature, sinceVersion } from "../kserve-version.ts";
import type { CheckFacts, Problem } from "./problem.ts";
import type { DeploySettings } from "./settings.ts";
import { isUri, storageUriProblem } from "./storage-uri.ts";

/** The protocols that a stock runtime of a format has; a runtime of the user's own may have others. */
const PROTOCOLS: Readonly<Record<PredictorKind, readonly string[]>> = {
  custom: ["v1", "v2"],
  tensorflow: ["v1", "v2", "grpc-v1", "grpc-v2"],
  pytorch: ["v1", "v2", "grpc-v2"],
  sklearn: ["v1", "v2"],
  xgboost: ["v1", "v2"],
  lightgbm: ["v1", "v2"],
  onnx: ["v2", "grpc-v2"],
  huggingface: ["v1", "v2"],
  triton: ["v2", "grpc-v2"],
};

/** Settings of the image that we run; a standard kind runs its runtime's. */
const CUSTOM_ONLY = [
  "image",
  "command",
  "predictFunction",
] as const satisfies readonly (keyof DeployConfig)[];

/** What is wrong with what answers the predictions. */
export function predictorProblems(settings: DeploySettings, facts: CheckFacts): readonly Problem[] {
  return [
    ...kindProblems(settings, facts),
    ...(settings.predictor === "custom" ? customProblems(settings) : standardProblems(settings)),
    ...modelProblems(settings, facts),
    ...protocolProblems(settings),
  ];
}

function kindProblems({ predictor, model }: DeploySettings, { version }: CheckFacts): readonly Problem[] {
  if (predictor !== "huggingface" || version === undefined || model?.runtime !== undefined) return [];
  if (hasFeature(version, "huggingface")) return [];
  const expected = `another kind before KServe ${sinceVersion("huggingface")}, or a runtime of yours in model.runtime`;
  return [{ path: "predictor", expected, got: predictor }];
}

function customProblems({ model, torchServe }: DeploySettings): readonly Problem[] {
  const problems: Problem[] = [];
  for (const member of ["format", "runtime", "runtimeVersion"] as const) {
    if (model?.[member] === undefined) continue;
    const expected = "none for a custom predictor, whose image is its runtime";
    problems.push({ path: `model.${member}`, expected, got: model[member] });
  }
  if (torchServe !== undefined) {
    problems.push({ path: "torchServe", expected: 'none unless predictor is "pytorch"', got: torchServe });
  }
  return problems;
}

function standardProblems(settings: DeploySettings): readonly Problem[] {
  const { predictor, model, torchServe } = settings;
  const problems: Problem[] = [];
  for (const member of CUSTOM_ONLY) {
    if (settings[member] === undefined) continue;
    const expected = `none for ${predictor}, whose runtime has its own; model.runtime chooses another`;
    problems.push({ path: member, expected, got: settings[member] });
  }
  if (model?.uri === undefined) {
    const expected = `the model that ${predictor} serves: a file, a folder or a URI`;
    problems.push({ path: "model", expected, got: model });
  }
  if (torchServe !== undefined && predictor !== "pytorch") {
    problems.push({ path: "torchServe", expected: 'none unless predictor is "pytorch"', got: torchServe });
  }
  return problems;
}

function modelProblems({ model }: DeploySettings, { version }: CheckFacts): readonly Problem[] {
  if (model?.uri === undefined || !isUri(model.uri)) return [];
  const expected = storageUriProblem(model.uri, version);
  return expected === undefined ? [] : [{ path: "model", expected, got: model.uri }];
}

function protocolProblems({ predictor, protocolVersion, model }: DeploySettings): readonly Problem[] {
  if (protocolVersion === undefined || model?.runtime !== undefined || model?.format !== undefined) return [];
  const fits = PROTOCOLS[predictor];
  if (fits.includes(protocolVersion)) return [];
  const expected = `${fits.join(", ")}: no stock runtime has another for ${predictor}`;
  return [{ path: "protocolVersion", expected, got: protocolVersion }];
}
