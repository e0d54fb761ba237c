import type { Check, ClusterSubject, Finding } from "./check.ts";
import { api } from "./checks/api.ts";
import { ingress } from "./checks/ingress.ts";
import { kserve } from "./checks/kserve.ts";
import { mode } from "./checks/mode.ts";
import { permissions } from "./checks/permissions.ts";
import { podSecurity } from "./checks/pod-security.ts";
import { quota } from "./checks/quota.ts";
import { runtimes } from "./checks/runtimes.ts";
import { storage } from "./checks/storage.ts";
import { webhook } from "./checks/webhook.ts";
import { type CheckLimits, runCheck, runChecks, skipAll } from "./run-checks.ts";

/** Every check of a cluster, in the order they are shown in; a new one is a file and a line here. */
export const CLUSTER_CHECKS: readonly Check<ClusterSubject>[] = [
  api,
  permissions,
  kserve,
  mode,
  runtimes,
  ingress,
  webhook,
  podSecurity,
  quota,
  storage,
];

/**
 * Looks at a cluster: whether `deploy` would work there, and what would surprise. Nothing is changed. Whether the API
 * server answers comes first: where it does not, the rest is skipped.
 * @param limits `timeoutMs`: how long a check has
 * @param names of the checks that are wanted. Default: all
 */
export async function examineCluster(
  subject: ClusterSubject,
  limits: CheckLimits = {},
  names?: readonly string[],
): Promise<readonly Finding[]> {
  const isWanted = ({ name }: Check<ClusterSubject>) => names === undefined || names.includes(name);
  const others = CLUSTER_CHECKS.filter((check) => check !== api && isWanted(check));
  if (!isWanted(api)) return runChecks(others, subject, limits);
  const first = await runCheck(api, subject, limits);
  if (first.status === "fail") return [first, ...skipAll(others, "the API server does not answer")];
  return [first, ...(await runChecks(others, subject, limits))];
}
