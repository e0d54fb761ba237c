import type { Check, ClusterSubject } from "../check.ts";

/** Whether the API server answers. */
export const api: Check<ClusterSubject> = {
  name: "api",
  async run({ cluster }, signal) {
    const startedAt = performance.now();
    const version = await cluster.version(signal);
    const ms = Math.round(performance.now() - startedAt);
    return { status: "ok", message: `Kubernetes ${version} answers at ${cluster.server} in ${ms} ms` };
  },
};
