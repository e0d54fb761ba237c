import { RESOURCES } from "../../cluster/resources.ts";
import type { Check, ClusterSubject } from "../check.ts";

const ENFORCE_LABEL = "pod-security.kubernetes.io/enforce";

/** Whether the namespace is there, and takes the pods that are deployed. */
export const podSecurity: Check<ClusterSubject> = {
  name: "pod-security",
  async run({ cluster, namespace, settings }, signal) {
    const object = await cluster.get(RESOURCES.namespace, { name: namespace }, signal);
    if (object === undefined) {
      return {
        status: "fail",
        message: `there is no namespace ${namespace}`,
        fix: `kubectl create namespace ${namespace}`,
      };
    }
    const level = object.metadata.labels?.[ENFORCE_LABEL];
    if (level === undefined) {
      return { status: "ok", message: `namespace ${namespace} enforces no level of PodSecurity` };
    }
    if (level === "restricted" && settings.podSecurity === "none") {
      return {
        status: "fail",
        message: `namespace ${namespace} enforces PodSecurity restricted, and podSecurity is "none"`,
        fix: 'Leave podSecurity at its default, "restricted".',
      };
    }
    return { status: "ok", message: `namespace ${namespace} enforces PodSecurity ${level}` };
  },
};
