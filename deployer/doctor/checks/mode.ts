import type { Check, ClusterSubject } from "../check.ts";

/** Whether the cluster can run what is deployed in the mode that is meant. */
export const mode: Check<ClusterSubject> = {
  name: "mode",
  async run({ facts, target, settings }, signal) {
    const { defaultMode, hasKnative } = await facts(signal);
    const wanted = target.deploymentMode ?? defaultMode;
    const whose = target.deploymentMode === undefined ? "the cluster's default" : "as the target says";
    if (wanted === "Knative" && !hasKnative) {
      return {
        status: "fail",
        message: `the mode is Knative, ${whose}, and Knative Serving is not installed`,
        fix: 'Set deploymentMode: "Standard" in the target, or install Knative Serving.',
      };
    }
    if (wanted === "Standard" && settings.minReplicas === 0 && settings.autoscalerClass !== "keda") {
      return {
        status: "fail",
        message: "minReplicas is 0, and Standard does not scale to zero",
        fix: 'Set minReplicas to 1, deploymentMode to "Knative", or autoscalerClass to "keda".',
      };
    }
    return { status: "ok", message: `${wanted}, ${whose}${hasKnative ? "; Knative Serving is there" : ""}` };
  },
};
