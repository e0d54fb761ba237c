import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import { CLUSTER_CHECKS, examineCluster } from "../../deployer/doctor/cluster-checks.ts";
import type { Finding } from "../../deployer/doctor/check.ts";
import { type CheckLimits, runChecks, skipAll } from "../../deployer/doctor/run-checks.ts";
import type { DoctorCall } from "../commands/doctor.ts";
import { type OpenTarget, openCluster } from "../deploy/open-target.ts";
import { printAs } from "../deploy/output.ts";
import { type ReadDeployment, readDeployment } from "../deploy/read-deployment.ts";
import { CHECK_NAMES } from "./check-names.ts";
import { findingLines } from "./finding-lines.ts";
import { MACHINE_CHECKS, type MachineSubject } from "./machine-checks.ts";

/**
 * Makes the checks and shows what they found.
 * @returns 1 where one failed
 * @throws KtsError KTS_CONFIG_INVALID, KTS_USAGE when it is not clear what to look at
 */
export async function runDoctor({ options, env, terminal }: DoctorCall): Promise<number> {
  const { only, output, timeoutMs } = options;
  const limits: CheckLimits = { timeoutMs };
  const wanted = only.length === 0 ? CHECK_NAMES : only;
  const isWanted = ({ name }: { readonly name: string }) => (wanted as readonly string[]).includes(name);
  const read = await readDeployment({ options, env });
  const machine: MachineSubject = {
    env,
    settings: read.file === undefined ? undefined : read.deployment.settings,
    isAskedFor: (name) => (only as readonly string[]).includes(name),
  };
  const needsCluster = wanted.includes("context") || CLUSTER_CHECKS.some(isWanted);
  const lists = await Promise.all([
    runChecks(MACHINE_CHECKS.filter(isWanted), machine, limits),
    needsCluster ? clusterFindings(read, options.kubeconfig, env, wanted, limits) : [],
  ]);
  const findings = lists.flat();
  const hasFailed = findings.some(({ status }) => status === "fail");
  await printAs(
    output,
    { value: { ok: !hasFailed, findings }, table: () => findingLines(findings, terminal) },
    terminal,
  );
  return hasFailed ? 1 : 0;
}

async function clusterFindings(
  read: ReadDeployment,
  kubeconfig: string | undefined,
  env: DoctorCall["env"],
  wanted: readonly string[],
  limits: CheckLimits,
): Promise<readonly Finding[]> {
  const startedAt = performance.now();
  const context = (part: Pick<Finding, "status" | "message" | "fix">): readonly Finding[] =>
    wanted.includes("context")
      ? [{ check: "context", ...part, durationMs: Math.round(performance.now() - startedAt) }]
      : [];
  let opened: OpenTarget;
  try {
    opened = await openCluster(read, kubeconfig, env);
  } catch (error) {
    const { message, hint } = isKtsError(error)
      ? error
      : new KtsError("KTS_CLUSTER_UNREACHABLE", messageOf(error));
    const others = CLUSTER_CHECKS.filter(({ name }) => wanted.includes(name));
    return [...context({ status: "fail", message, fix: hint }), ...skipAll(others, "there is no cluster")];
  }
  await using target = opened;
  const { cluster, namespace, deployment } = target;
  const message = `${cluster.context}, namespace ${namespace}`;
  const subject = { cluster, namespace, ...deployment, env, facts: target.facts };
  return [...context({ status: "ok", message }), ...(await examineCluster(subject, limits, wanted))];
}
