import type { Access } from "../../cluster/cluster.ts";
import { RESOURCES, type Resource } from "../../cluster/resources.ts";
import type { Check, ClusterSubject } from "../check.ts";
import { roleLines } from "../role-lines.ts";

/** Something that verbs need, and what for. */
export interface Need {
  readonly resource: Resource;
  readonly subresource?: string;
  readonly verbs: readonly string[];
  /** What does not work without it. */
  readonly usedBy: string;
  /** Whether `deploy` itself does not work without it. */
  readonly isVital: boolean;
}

const READ = ["get", "list", "watch"] as const;
const WRITE = ["create", "patch"] as const;

/** What the verbs ask of a cluster. */
function needsOf({ settings, target, graphs = {} }: ClusterSubject): readonly Need[] {
  const needs: Need[] = [
    vital(RESOURCES.inferenceService, [...READ, ...WRITE], "deploy"),
    useful(RESOURCES.inferenceService, ["update", "delete"], "rollback and delete"),
    vital(RESOURCES.pod, READ, "deploy, which watches them come up"),
    useful(RESOURCES.pod, ["get"], "logs, and the reason of a failure", "log"),
    useful(RESOURCES.pod, ["create"], "predict through a port-forward", "portforward"),
    useful(RESOURCES.replicaSet, ["list", "watch"], "the reason of a failure"),
    useful(RESOURCES.event, ["list"], "the reason of a failure"),
    useful(RESOURCES.servingRuntime, ["list"], "choosing a runtime"),
    useful(RESOURCES.clusterServingRuntime, ["list"], "choosing a runtime"),
  ];
  if (Object.keys(graphs).length > 0) {
    needs.push(
      vital(RESOURCES.inferenceGraph, ["get", ...WRITE], "deploy, for the graphs"),
      vital(RESOURCES.deployment, ["get"], "deploy, for the graphs' routers"),
    );
  }
  const keeps = settings.secret !== undefined && typeof settings.secret !== "string";
  if (keeps || settings.identity !== undefined) {
    needs.push(vital(RESOURCES.serviceAccount, ["get", ...WRITE], "deploy, for the credentials"));
  }
  if (keeps) needs.push(vital(RESOURCES.secret, ["get", ...WRITE], "deploy, for the credentials"));
  if (target.store?.startsWith("pvc:") === true) {
    needs.push(
      vital(RESOURCES.pod, ["create", "delete"], "deploy, to write into the claim"),
      vital(RESOURCES.pod, ["create"], "deploy, to write into the claim", "exec"),
    );
  }
  return needs;
}

/** Whether one may do what the verbs need; a Role that allows the rest is the fix. */
export const permissions: Check<ClusterSubject> = {
  name: "permissions",
  async run(subject, signal) {
    const { cluster, namespace } = subject;
    const asked = needsOf(subject).flatMap((need) => need.verbs.map((verb) => ({ need, verb })));
    const answers = await Promise.all(
      asked.map(({ need, verb }) => cluster.mayI(accessOf(need, verb, namespace), signal)),
    );
    const missing = asked.filter((_, at) => answers[at] === false);
    if (missing.length === 0) {
      return { status: "ok", message: `all ${asked.length} permissions are there in ${namespace}` };
    }
    const listed = missing.map(({ need, verb }) => `${verb} ${nameOf(need)} (${need.usedBy})`);
    return {
      status: missing.some(({ need }) => need.isVital) ? "fail" : "warn",
      message: `${missing.length} of ${asked.length} permissions are missing in ${namespace}: ${listed.join("; ")}`,
      fix: "Have somebody who may do so apply this, and bind it to you:",
      details: roleLines(
        missing.map(({ need, verb }) => ({ ...need, verbs: [verb] })),
        namespace,
      ),
    };
  },
};

function vital(resource: Resource, verbs: readonly string[], usedBy: string, subresource?: string): Need {
  return {
    resource,
    verbs,
    usedBy,
    isVital: true,
    ...(subresource !== undefined && { subresource }),
  };
}

function useful(resource: Resource, verbs: readonly string[], usedBy: string, subresource?: string): Need {
  return { ...vital(resource, verbs, usedBy, subresource), isVital: false };
}

function accessOf({ resource, subresource }: Need, verb: string, namespace: string): Access {
  return {
    verb,
    resource,
    ...(resource.namespaced && { namespace }),
    ...(subresource !== undefined && { subresource }),
  };
}

/** As RBAC names it: `pods/log`. */
export function nameOf({ resource, subresource }: Pick<Need, "resource" | "subresource">): string {
  const group = resource.group === "" ? "" : `.${resource.group}`;
  return `${resource.plural}${group}${subresource === undefined ? "" : `/${subresource}`}`;
}
