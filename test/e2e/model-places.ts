/** Where a standard model lies for KServe to serve it: each of its kinds of storage as tests have it. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { makeClaim } from "./claims.ts";
import { busyboxImage, modelcarImage } from "./images/busybox.ts";
import { STORAGE_INITIALIZER } from "./images/runtimes.ts";
import { useRealInitializer } from "./real-initializer.ts";
import type { ClusterRig } from "./rig.ts";
import { startS3Server } from "./s3-server.ts";

/** A place for a model. */
export interface ModelPlace extends AsyncDisposable {
  /** What the target's config says of it. */
  readonly target: object;
  /** Variables for `deploy`. */
  readonly env: Readonly<Record<string, string>>;
  /** The URI that `deploy` is given; undefined: it is given files, to upload. */
  readonly uri?: string;
  /** The URI that the InferenceService gets. */
  readonly storageUri: RegExp;
  /** Images of the containers by which KServe fetches the model before the server starts. */
  readonly fetchedBy: readonly string[];
  /** What no output may have in it. */
  readonly secret?: string;
}

/** Makes a place for a model of a name. The folder is the model's, for a place that nothing is uploaded to. */
export type MakePlace = (rig: ClusterRig, name: string, folder: string) => Promise<ModelPlace>;

/** An S3 server that runs as a pod, and KServe's own initializer, which fetches from it. */
export const s3Place: MakePlace = async (rig, name) => {
  await using undo = new AsyncDisposableStack();
  undo.use(await useRealInitializer(rig));
  const store = undo.use(await startS3Server(rig));
  const kept = undo.move();
  return {
    target: {
      store: `s3://${store.bucket}/teams/e2e`,
      secret: {
        aws_access_key_id: store.accessKeyId,
        aws_secret_access_key: store.secretAccessKey,
        s3_endpoint: store.endpointOfPods,
        s3_use_https: false,
      },
    },
    env: { AWS_ENDPOINT_URL_S3: store.endpointHere },
    storageUri: new RegExp(`^s3://models/teams/e2e/${name}/[0-9a-f]{12}$`),
    fetchedBy: [STORAGE_INITIALIZER],
    secret: store.secretAccessKey,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
};

/** A claim, which `deploy` fills by its helper pod and KServe mounts as it is. */
export const pvcPlace: MakePlace = async (rig, name) => {
  await rig.loadImage(await busyboxImage());
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "kts-pvc-"));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o777);
  const { kubeconfig, namespace } = rig;
  const cluster = undo.use(await connectCluster({ kubeconfig, namespace, env: process.env }));
  undo.use(await makeClaim(cluster, { name: "models", accessMode: "ReadWriteOnce", path: folder }));
  const kept = undo.move();
  return {
    target: { store: "pvc://models/teams" },
    env: {},
    storageUri: new RegExp(`^pvc://models/teams/${name}/[0-9a-f]{12}$`),
    fetchedBy: [],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
};

/** An image with the model in it, which runs beside the server (a modelcar). It is used in place. */
export const ociPlace: MakePlace = async (rig, name, folder) => {
  const image = `localhost/modelcar-${name}:1`;
  await rig.loadImage(await modelcarImage(image, folder));
  return {
    target: {},
    env: {},
    uri: `oci://${image}`,
    storageUri: new RegExp(`^oci://${image}$`),
    fetchedBy: [image],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};
