/** A step of a training pipeline: what was trained is deployed, if it is good enough. */
import {
  connectCluster,
  deployPrepared,
  layerDeployment,
  liveService,
  parseDeployFile,
  prepareDeployment,
  readFacts,
} from "kserve-ts/deployer";

/** What is deployed, as in the config file. */
const CONFIG = {
  deploy: { name: "iris", predictor: "sklearn", model: "s3://models/iris/candidate", minReplicas: 2 },
  targets: { prod: { context: "prod", namespace: "ml" } },
};

/**
 * Deploys the model unless it is worse than it has to be.
 * @param accuracy on data that it was not trained with
 * @returns where it answers; undefined: it was not deployed
 */
export async function deployIfGood(accuracy: number, minAccuracy = 0.95): Promise<string | undefined> {
  if (accuracy < minAccuracy) return undefined;
  const deployment = layerDeployment({
    file: parseDeployFile(CONFIG, "the deploy step"),
    flags: { target: "prod" },
    folderName: "iris",
  });
  const { signal } = new AbortController();
  await using cluster = await connectCluster({ ...deployment.target, env: process.env });
  const [facts, live] = await Promise.all([readFacts(cluster, signal), liveService(cluster, "iris", signal)]);
  const { namespace } = cluster;
  const prepared = await prepareDeployment({ deployment, namespace, facts, live, signal });
  const { view } = await deployPrepared(cluster, prepared, deployment, {
    timeoutMs: 300_000,
    atomic: true,
    env: process.env,
    signal,
  });
  return view?.url;
}
