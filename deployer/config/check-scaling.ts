import type { DeployConfig, ScalingConfig } from "../../contract/deploy-config.ts";
import { type KserveFeature, hasFeature, sinceVersion } from "../kserve-version.ts";
import type { CheckFacts, Problem } from "./problem.ts";

const STANDARD_METRICS: readonly string[] = ["cpu", "memory"];
const KNATIVE_METRICS: readonly string[] = ["concurrency", "rps"];

/** The release that a class of autoscalers came with, where not all have it. */
const CLASSES: Readonly<Partial<Record<string, KserveFeature>>> = {
  keda: "kedaAutoscaler",
  external: "externalAutoscaler",
  none: "noAutoscaler",
};

type Scaling = ScalingConfig & Pick<DeployConfig, "autoscalerClass">;

/**
 * What is wrong with how a component scales.
 * @param autoscalerClass what scales all of the deployment's components
 * @param at the component's path: `""` for the predictor, `transformer.`
 */
export function scalingProblems(
  component: ScalingConfig,
  at: string,
  facts: CheckFacts,
  autoscalerClass: DeployConfig["autoscalerClass"],
): readonly Problem[] {
  const scaling = { ...component, ...(autoscalerClass !== undefined && { autoscalerClass }) };
  return [
    ...replicaProblems(scaling, at, facts),
    ...metricProblems(scaling, at, facts),
    ...classProblems(scaling, at, facts),
  ];
}

function replicaProblems(scaling: Scaling, at: string, { mode }: CheckFacts): readonly Problem[] {
  const { minReplicas = scaling.replicas, maxReplicas, autoscalerClass } = scaling;
  const problems: Problem[] = [];
  // KServe reads a maxReplicas of 0 as none given.
  if (
    minReplicas !== undefined &&
    maxReplicas !== undefined &&
    maxReplicas !== 0 &&
    minReplicas > maxReplicas
  ) {
    const expected = `at most maxReplicas, ${maxReplicas}`;
    problems.push({ path: `${at}minReplicas`, expected, got: minReplicas });
  }
  if (minReplicas === 0 && mode === "Standard" && autoscalerClass !== "keda") {
    const expected =
      autoscalerClass === "none" || autoscalerClass === "external"
        ? "at least 1"
        : 'at least 1: in Standard mode only autoscalerClass "keda" scales to zero (Knative mode does, too)';
    problems.push({ path: `${at}minReplicas`, expected, got: minReplicas });
  }
  return problems;
}

function metricProblems(scaling: Scaling, at: string, { mode }: CheckFacts): readonly Problem[] {
  const { scaleMetric, scaleTarget, autoscalerClass, autoScaling } = scaling;
  const problems: Problem[] = [];
  const fits = mode === "Standard" ? STANDARD_METRICS : KNATIVE_METRICS;
  if (scaleMetric !== undefined && mode !== undefined && !fits.includes(scaleMetric)) {
    const expected = `${fits.join(" or ")}, which are what ${mode} mode measures`;
    problems.push({ path: `${at}scaleMetric`, expected, got: scaleMetric });
  }
  if (scaleMetric !== undefined && (autoscalerClass === "keda" || autoScaling !== undefined)) {
    const expected = "none beside autoScaling, which has its own metrics";
    problems.push({ path: `${at}scaleMetric`, expected, got: scaleMetric });
  }
  const percent = scaleMetric === undefined ? mode === "Standard" : STANDARD_METRICS.includes(scaleMetric);
  if (scaleTarget !== undefined && percent && scaleTarget > 100) {
    const expected = `percent of the request, 1 to 100, for ${scaleMetric ?? "cpu"}`;
    problems.push({ path: `${at}scaleTarget`, expected, got: scaleTarget });
  }
  if (autoscalerClass === "keda" && autoScaling === undefined) {
    const expected = "metrics: KEDA scales by nothing else";
    problems.push({ path: `${at}autoScaling`, expected, got: undefined });
  }
  return problems;
}

function classProblems(scaling: Scaling, at: string, facts: CheckFacts): readonly Problem[] {
  const { autoscalerClass, autoScaling, containerConcurrency } = scaling;
  const { mode, version } = facts;
  const problems: Problem[] = [];
  const since = (feature: KserveFeature | undefined): string | undefined =>
    feature !== undefined && version !== undefined && !hasFeature(version, feature)
      ? sinceVersion(feature)
      : undefined;
  if (autoscalerClass !== undefined) {
    const from = since(CLASSES[autoscalerClass]);
    if (mode === "Knative" || from !== undefined) {
      const expected = from === undefined ? "none in Knative mode" : `hpa before KServe ${from}`;
      problems.push({ path: `${at}autoscalerClass`, expected, got: autoscalerClass });
    }
  }
  if (autoScaling !== undefined) {
    const from = since("autoScaling");
    if (mode === "Knative" || from !== undefined) {
      const expected = from === undefined ? "none in Knative mode" : `none before KServe ${from}`;
      problems.push({ path: `${at}autoScaling`, expected, got: autoScaling });
    }
  }
  if (containerConcurrency !== undefined && mode === "Standard") {
    const expected = "none in Standard mode, which does not limit requests; set server.maxQueueSize";
    problems.push({ path: `${at}containerConcurrency`, expected, got: containerConcurrency });
  }
  return problems;
}
