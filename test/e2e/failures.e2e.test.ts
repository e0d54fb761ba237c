import { afterAll, expect, it } from "vitest";
import type { Cluster, KubeObject } from "../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES, type Resource } from "../../deployer/cluster/resources.ts";
import type { Manifest } from "../../deployer/manifests/manifest.ts";
import { applyManifests } from "../../deployer/rollout/apply.ts";
import { RolloutFailed } from "../../deployer/rollout/failure.ts";
import type { KubeEvent, Pod } from "../../deployer/rollout/kube-shapes.ts";
import type { FailureReason } from "../../deployer/rollout/progress.ts";
import { statusesOf } from "../../deployer/rollout/snapshot.ts";
import { waitUntilReady } from "../../deployer/rollout/wait.ts";
import { inferenceService, modelPredictor, serverPredictor } from "./echo-service.ts";
import { describeWithCluster } from "./rig.ts";

/** What a failing pod's cause may take to be told, from when the cluster knows it. */
const LIMIT_MS = 3000;

/** A failure, and the change on the cluster by which it is decided. */
interface Scenario {
  readonly spec: object;
  readonly resource: Resource;
  decides(object: KubeObject): boolean;
  readonly reason: FailureReason;
  readonly message: RegExp;
  readonly hint: RegExp;
  readonly lastLine?: RegExp;
}

/** Seconds from when the cluster knew to when it was told, by failure. */
const figures: string[] = [];

afterAll(() => {
  if (figures.length > 0) console.log(figures.join("\n"));
});

const waits =
  (...reasons: readonly string[]) =>
  (object: KubeObject) =>
    statusesOf(object as Pod).some(({ state }) => reasons.includes(state?.waiting?.reason ?? ""));

const ended = (object: KubeObject, times: number) =>
  statusesOf(object as Pod).some(
    ({ state, restartCount = 0 }) =>
      state?.terminated !== undefined && state.terminated.exitCode !== 0 && restartCount >= times - 1,
  );

const happens = (pattern: RegExp) => (object: KubeObject) =>
  pattern.test((object as KubeEvent).message ?? "");

const isRefused = (object: KubeObject) => /ReplicaFailure/.test(JSON.stringify(object["status"] ?? {}));

const echoProbe = { httpGet: { path: "/", port: 8080 } };

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "an image that cannot be pulled": {
    spec: serverPredictor({ image: "localhost/nosuch:1" }),
    resource: RESOURCES.pod,
    decides: waits("ErrImagePull", "ImagePullBackOff"),
    reason: "image-pull",
    message: /image localhost\/nosuch:1 of kserve-container cannot be pulled: .*(refused|unreachable)/,
    hint: /nodes cannot reach the registry/,
  },
  "an image whose name is not valid": {
    spec: serverPredictor({ image: "Localhost/NoSuch::1" }),
    resource: RESOURCES.pod,
    decides: waits("InvalidImageName"),
    reason: "image-pull",
    message: /Localhost\/NoSuch::1 of kserve-container is not valid/,
    hint: /registry\/repository:tag/,
  },
  "a server that crashes": {
    spec: serverPredictor({ args: ["--fail"] }),
    resource: RESOURCES.pod,
    decides: (pod) => ended(pod, 2) || waits("CrashLoopBackOff")(pod),
    reason: "crash-loop",
    message: /kserve-container ended with exit code 1/,
    hint: /last lines say/,
    lastLine: /told to fail/,
  },
  "a server that uses more memory than it may": {
    spec: serverPredictor({ args: ["--grow"] }),
    resource: RESOURCES.pod,
    decides: (pod) => /"OOMKilled"/.test(JSON.stringify(pod["status"] ?? {})),
    reason: "out-of-memory",
    message: /used more memory than its limit of 64Mi/,
    hint: /resources.limits.memory/,
    lastLine: /told to grow/,
  },
  "a server that never becomes ready": {
    spec: serverPredictor({
      args: ["--http_port=9999"],
      startupProbe: { ...echoProbe, periodSeconds: 1, failureThreshold: 3 },
    }),
    resource: RESOURCES.pod,
    // Kubelet's event comes with the killing; the pod's status has it once it is started again.
    decides: (pod) => statusesOf(pod as Pod).some(({ restartCount = 0 }) => restartCount > 0),
    reason: "never-ready",
    message: /did not pass its startup probe .* connection refused/,
    hint: /listen on the port of the probe/,
    lastLine: /port 9999/,
  },
  "a model that is not there": {
    spec: modelPredictor({ storageUri: "gs://no-such-bucket/model" }),
    resource: RESOURCES.pod,
    decides: (pod) => ended(pod, 1),
    reason: "initializer",
    message: /model gs:\/\/no-such-bucket\/model could not be fetched: there is no model at that URI/,
    hint: /Correct the model's URI/,
    lastLine: /no such file or directory/,
  },
  "a format that no runtime serves": {
    spec: modelPredictor({ modelFormat: { name: "sklaern" }, storageUri: "gs://a/b" }),
    resource: RESOURCES.event,
    decides: happens(/no runtime found/),
    reason: "no-runtime",
    message: /serves the format sklaern/,
    hint: /Did you mean sklearn\? Formats there are: .*sklearn.*xgboost/,
  },
  "a runtime that there is not": {
    spec: modelPredictor({ runtime: "kserve-sklearnsever", storageUri: "gs://a/b" }),
    resource: RESOURCES.event,
    decides: happens(/No ServingRuntimes/),
    reason: "unknown-runtime",
    message: /no runtime kserve-sklearnsever/,
    hint: /Did you mean kserve-sklearnserver\?/,
  },
  "a URI that KServe cannot fetch from": {
    spec: modelPredictor({ storageUri: "ftp://x/y" }),
    resource: RESOURCES.event,
    decides: happens(/StorageURI not supported/),
    reason: "unsupported-uri",
    message: /cannot fetch a model from ftp:\/\/x\/y/,
    hint: /s3:\/\//,
  },
  "a pod that no node takes": {
    spec: serverPredictor({
      resources: { requests: { cpu: "1000", memory: "32Mi" }, limits: { cpu: "1000", memory: "64Mi" } },
    }),
    resource: RESOURCES.pod,
    decides: (pod) => /"Unschedulable"/.test(JSON.stringify(pod["status"] ?? {})),
    reason: "unschedulable",
    message: /Insufficient cpu/,
    hint: /less cpu under resources.requests/,
  },
  "a Secret that is missing": {
    spec: serverPredictor({
      env: [{ name: "A", valueFrom: { secretKeyRef: { name: "nosuch", key: "k" } } }],
    }),
    resource: RESOURCES.pod,
    decides: waits("CreateContainerConfigError"),
    reason: "container-config",
    message: /secret "nosuch" not found/,
    hint: /Create the Secret nosuch/,
  },
  "a program that the image has not": {
    spec: serverPredictor({ command: ["/nosuch"] }),
    resource: RESOURCES.pod,
    decides: waits("RunContainerError", "CrashLoopBackOff"),
    reason: "container-config",
    message: /exec: "\/nosuch": stat \/nosuch: no such file/,
    hint: /correct command and args/,
  },
  "a claim that is missing": {
    spec: modelPredictor({ storageUri: "pvc://nosuch/model" }),
    resource: RESOURCES.pod,
    decides: (pod) => /"Unschedulable"/.test(JSON.stringify(pod["status"] ?? {})),
    reason: "volume",
    message: /claim nosuch .* not in this namespace/,
    hint: /pvc:\/\/ URI/,
  },
};

const NO_IMAGES_ELSEWHERE = { loadsImages: true } as const;

describeWithCluster(
  "a rollout that cannot succeed",
  ({ kubeconfig, namespace }) => {
    it.each(Object.entries(SCENARIOS))("ends at once for %s", async (what, scenario) => {
      await using cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
      const failure = await measured(cluster, namespace, what, scenario);
      expect(failure.cause.reason).toBe(scenario.reason);
      expect(failure.message).toMatch(scenario.message);
      expect(failure.hint).toMatch(scenario.hint);
      if (scenario.lastLine !== undefined) {
        expect(failure.cause.lastLines?.join("\n")).toMatch(scenario.lastLine);
        expect(failure.message).toContain(
          `last lines of ${failure.cause.container} in ${failure.cause.pod}:`,
        );
      }
    });
  },
  NO_IMAGES_ELSEWHERE,
);

describeWithCluster(
  "a namespace whose quota is used up",
  ({ kubeconfig, namespace }) => {
    it("ends the wait with the quota's words", async () => {
      await using cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
      await cluster.create(resourceQuota, {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "small", namespace },
        spec: { hard: { "limits.cpu": "500m", "limits.memory": "1Gi" } },
      });
      const failure = await measured(cluster, namespace, "a quota that is used up", {
        spec: serverPredictor({}),
        resource: RESOURCES.replicaSet,
        decides: isRefused,
      });
      expect(failure.cause.reason).toBe("quota");
      expect(failure.message).toMatch(/quota is used up: exceeded quota: small, requested: limits.cpu=1/);
      expect(failure.hint).toMatch(/Ask for less under resources/);
    });
  },
  NO_IMAGES_ELSEWHERE,
);

describeWithCluster(
  "a namespace with PodSecurity restricted",
  ({ kubeconfig, namespace }) => {
    it("ends the wait with what the pod would have to keep", async () => {
      await using cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
      const failure = await measured(cluster, namespace, "a pod that PodSecurity forbids", {
        spec: serverPredictor({}),
        resource: RESOURCES.replicaSet,
        decides: isRefused,
      });
      expect(failure.cause.reason).toBe("pod-security");
      expect(failure.message).toMatch(/violates PodSecurity "restricted:latest": allowPrivilegeEscalation/);
      expect(failure.hint).toMatch(/podSecurity: restricted/);
    });
  },
  { ...NO_IMAGES_ELSEWHERE, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
);

const resourceQuota: Resource = {
  group: "",
  version: "v1",
  plural: "resourcequotas",
  kind: "ResourceQuota",
  namespaced: true,
};

/** Rolls a spec out, and measures from the deciding change, as another watch sees it, to the error. */
async function measured(
  cluster: Cluster,
  namespace: string,
  what: string,
  { spec, resource, decides }: Pick<Scenario, "spec" | "resource" | "decides">,
): Promise<RolloutFailed> {
  const manifest: Manifest = inferenceService(namespace, `f-${figures.length}`, spec);
  const { name } = manifest.metadata;
  const stop = new AbortController();
  const { resourceVersion } = await cluster.list(resource, { namespace });
  let decidedMs: number | undefined;
  const watching = (async () => {
    for await (const { object } of cluster.watch(resource, { namespace, resourceVersion }, stop.signal)) {
      if (isOf(name, object) && decides(object)) decidedMs ??= performance.now();
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  const beganMs = performance.now();
  const { service } = await applyManifests(cluster, [manifest]);
  const target = { namespace, name, generation: service?.metadata.generation ?? 0 };
  const failure = await waitUntilReady(cluster, target, { timeoutMs: 60_000 }).then(
    () => expect.unreachable(`${what} became ready`),
    (error: unknown) => error,
  );
  const toldMs = performance.now();
  stop.abort();
  await watching;
  await cluster.delete(RESOURCES.inferenceService, { namespace, name });
  if (!(failure instanceof RolloutFailed)) throw failure;
  // A cause may be told by another object a moment before this watch sees it.
  const afterMs = toldMs - (decidedMs ?? toldMs);
  const seconds = (ms: number) => (ms / 1000).toFixed(2).padStart(6);
  figures.push(
    `${seconds(afterMs)} s after the cluster knew, ${seconds(toldMs - beganMs)} s after the apply: ${what}`,
  );
  expect(afterMs).toBeLessThan(LIMIT_MS);
  return failure;
}

function isOf(name: string, object: KubeObject): boolean {
  const subject = (object as KubeEvent).involvedObject?.name ?? object.metadata.name;
  return subject === name || subject.startsWith(`${name}-`);
}
