import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, inject } from "vitest";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { importImage } from "./testbed.ts";

/** A namespace that is not gone after this is left to go by itself. */
const GONE_TIMEOUT_MS = 60_000;

/** A real cluster with KServe, and a corner of it for one `describe`. */
export interface ClusterRig {
  readonly kubeconfig: string;
  /** Of this `describe` alone; it goes with it. */
  readonly namespace: string;
  /** Imports an image archive (OCI or docker) into the node. Only where `loadsImages` is said. */
  readonly loadImage: (archivePath: string) => Promise<void>;
}

/** What such tests need of the cluster. */
export interface ClusterNeeds {
  /** They call `loadImage`, and are skipped on a cluster that is not our own. Default false. */
  readonly loadsImages?: boolean;
  /** Labels of the namespace, such as those of PodSecurity. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Tests that need a real cluster with KServe; skipped where none can be had. */
export function describeWithCluster(
  name: string,
  tests: (rig: ClusterRig) => void,
  { loadsImages = false, labels = {} }: ClusterNeeds = {},
): void {
  const cluster = inject("cluster");
  if (cluster === undefined) {
    describe.skip(name, () => undefined);
    return;
  }
  const { kubeconfig, imageSocket } = cluster;
  if (loadsImages && imageSocket === undefined) {
    describe.skip(`${name} (images cannot be loaded into the cluster of KUBECONFIG)`, () => undefined);
    return;
  }
  const namespace = `e2e-${randomBytes(4).toString("hex")}`;
  const loadImage = async (archivePath: string) => {
    if (imageSocket === undefined) throw new Error("images can be loaded into a cluster of our own only");
    await importImage(imageSocket, archivePath);
  };
  describe(name, () => {
    beforeAll(async () => {
      await using client = await connectCluster({ kubeconfig, env: process.env });
      await client.create(RESOURCES.namespace, {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespace, namespace: "", labels },
      });
    });
    afterAll(async () => {
      await using client = await connectCluster({ kubeconfig, env: process.env });
      const name = { name: namespace };
      await client.delete(RESOURCES.namespace, name);
      // Its pods hold what the next tests' pods ask for.
      const deadline = Date.now() + GONE_TIMEOUT_MS;
      while ((await client.get(RESOURCES.namespace, name)) !== undefined && Date.now() < deadline)
        await sleep(300);
    });
    tests({ kubeconfig, namespace, loadImage });
  });
}
