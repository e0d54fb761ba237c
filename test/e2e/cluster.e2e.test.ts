import { expect, it } from "vitest";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { describeWithCluster } from "./rig.ts";

describeWithCluster("the cluster that the tests run on", ({ kubeconfig, namespace }) => {
  it("has a namespace for each group of tests, and KServe's kinds", async () => {
    await using cluster = await connectCluster({ kubeconfig, env: process.env });
    const found = await cluster.get(RESOURCES.namespace, { name: namespace });
    expect(found?.metadata.name).toBe(namespace);
    const runtimes = await cluster.list(RESOURCES.clusterServingRuntime);
    expect(runtimes.items.map((runtime) => runtime.metadata.name)).toContain("kserve-mlserver");
  });
});
