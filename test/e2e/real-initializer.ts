import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { STORAGE_INITIALIZER, storageInitializerImage } from "./images/runtimes.ts";
import type { ClusterRig } from "./rig.ts";

/**
 * Has the cluster fetch models by KServe's own storage initializer; a testbed starts with a stand-in that knows no cloud
 * storage. Disposing of it puts back what was there, as other tests count on it.
 */
export async function useRealInitializer({ kubeconfig, loadImage }: ClusterRig): Promise<AsyncDisposable> {
  await loadImage(await storageInitializerImage());
  const name = { name: "default" };
  const setImage = async (image: string): Promise<string> => {
    await using cluster = await connectCluster({ kubeconfig, env: process.env });
    const found = await cluster.get(RESOURCES.clusterStorageContainer, name);
    const { container } = (found?.["spec"] ?? {}) as { container: { image: string } };
    const change = { spec: { container: { image } } };
    await cluster.patch(RESOURCES.clusterStorageContainer, name, change);
    return container.image;
  };
  const before = await setImage(STORAGE_INITIALIZER);
  return { [Symbol.asyncDispose]: async () => void (await setImage(before)) };
}
