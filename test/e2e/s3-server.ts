import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { setTimeout as sleep } from "node:timers/promises";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import type { ClusterRig } from "./rig.ts";
import { VERSITYGW, versitygwImage } from "./images/versitygw.ts";

/** An S3 server that runs as a pod, with one bucket. */
export interface S3Server extends AsyncDisposable {
  /** Where pods find it. */
  readonly endpointOfPods: string;
  /** Where this machine finds it, through a port-forward. */
  readonly endpointHere: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const PORT = 7070;
const NAME = "s3";
const BUCKET = "models";
const KEYS = { accessKeyId: "e2e-access", secretAccessKey: "e2e-secret-of-the-store" };
const READY_TIMEOUT_MS = 120_000;

/** Starts versitygw in the tests' namespace. */
export async function startS3Server({ kubeconfig, namespace, loadImage }: ClusterRig): Promise<S3Server> {
  await loadImage(await versitygwImage());
  await using undo = new AsyncDisposableStack();
  const cluster = undo.use(await connectCluster({ kubeconfig, namespace, env: process.env }));
  const labels = { app: NAME };
  await cluster.create(RESOURCES.service, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace },
    spec: { selector: labels, ports: [{ port: PORT }] },
  });
  await cluster.create(RESOURCES.pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: NAME, namespace, labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: NAME,
          image: VERSITYGW,
          args: ["--port", `:${PORT}`, "--health", "/health", "posix", "/data"],
          env: [
            { name: "ROOT_ACCESS_KEY", value: KEYS.accessKeyId },
            { name: "ROOT_SECRET_KEY", value: KEYS.secretAccessKey },
          ],
          readinessProbe: { httpGet: { path: "/health", port: PORT }, periodSeconds: 1 },
          volumeMounts: [{ name: "data", mountPath: "/data" }],
        },
      ],
      volumes: [{ name: "data", emptyDir: {} }],
    },
  });
  for (const deadline = Date.now() + READY_TIMEOUT_MS; ; await sleep(200)) {
    const status = (await cluster.get(RESOURCES.pod, { name: NAME }))?.["status"];
    const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
    if (conditions.some(({ type, status: value }) => type === "Ready" && value === "True")) break;
    if (Date.now() > deadline) throw new Error(`the S3 server is not ready: ${JSON.stringify(status)}`);
  }
  const forwarded = undo.use(await cluster.forwardPort({ name: NAME }, PORT));
  const endpointHere = `http://127.0.0.1:${forwarded.localPort}`;
  const settings = { endpoint: endpointHere, region: "us-east-1", forcePathStyle: true, credentials: KEYS };
  await new S3Client(settings).send(new CreateBucketCommand({ Bucket: BUCKET }));
  const kept = undo.move();
  return {
    endpointOfPods: `${NAME}.${namespace}.svc.cluster.local:${PORT}`,
    endpointHere,
    bucket: BUCKET,
    ...KEYS,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
