import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { RESOURCES } from "../../../deployer/cluster/resources.ts";
import { roleLines } from "../../../deployer/doctor/role-lines.ts";

describe("the roles that allow what is missing", () => {
  it("have a rule a resource, those without a namespace in a ClusterRole", () => {
    const lines = roleLines(
      [
        { resource: RESOURCES.inferenceService, verbs: ["create"] },
        { resource: RESOURCES.inferenceService, verbs: ["patch"] },
        { resource: RESOURCES.pod, subresource: "log", verbs: ["get"] },
        { resource: RESOURCES.clusterServingRuntime, verbs: ["list"] },
      ],
      "models",
    );
    const apiVersion = "rbac.authorization.k8s.io/v1";
    expect(parseAllDocuments(lines.join("\n")).map((document) => document.toJS() as unknown)).toEqual([
      {
        apiVersion,
        kind: "Role",
        metadata: { name: "kserve-ts", namespace: "models" },
        rules: [
          {
            apiGroups: ["serving.kserve.io"],
            resources: ["inferenceservices"],
            verbs: ["create", "patch"],
          },
          { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
        ],
      },
      {
        apiVersion,
        kind: "ClusterRole",
        metadata: { name: "kserve-ts" },
        rules: [{ apiGroups: ["serving.kserve.io"], resources: ["clusterservingruntimes"], verbs: ["list"] }],
      },
    ]);
  });
});
