import { isKtsError } from "../../../contract/errors.ts";
import { RESOURCES } from "../../cluster/resources.ts";
import type { Check, ClusterSubject } from "../check.ts";

/** Whether KServe's webhooks answer: a small service is sent to be checked, and not kept. */
export const webhook: Check<ClusterSubject> = {
  name: "webhook",
  async run({ cluster, namespace }, signal) {
    const manifest = {
      apiVersion: "serving.kserve.io/v1beta1",
      kind: "InferenceService",
      metadata: { name: "kserve-ts-doctor", namespace },
      spec: { predictor: { containers: [{ name: "kserve-container", image: "kserve-ts/doctor" }] } },
    };
    try {
      await cluster.apply(RESOURCES.inferenceService, manifest, { dryRun: true, signal });
      return { status: "ok", message: "KServe's webhooks take an InferenceService (nothing was kept)" };
    } catch (error) {
      if (!isKtsError(error) || !/webhook/.test(error.message)) throw error;
      return {
        status: "fail",
        message: error.message,
        fix: "Look after the controller: kubectl -n kserve get pods; kubectl -n kserve logs deploy/kserve-controller-manager",
      };
    }
  },
};
