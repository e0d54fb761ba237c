import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { RESOURCES as KINDS, type Resource } from "../../deployer/cluster/resources.ts";
import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import type { Manifest } from "../../deployer/manifests/manifest.ts";
import { applyManifests } from "../../deployer/rollout/apply.ts";
import { goodSpecs, recordName, restoreLastGood } from "../../deployer/rollout/last-good.ts";
import type { RolloutView } from "../../deployer/rollout/progress.ts";
import { rollOut } from "../../deployer/rollout/roll-out.ts";
import { waitUntilReady } from "../../deployer/rollout/wait.ts";
import { SecretText } from "../../deployer/secret-text.ts";
import { inferenceService, modelPredictor, serverPredictor } from "./echo-service.ts";
import { type ClusterRig, describeWithCluster } from "./rig.ts";

const TIMEOUT = { timeoutMs: 60_000 } as const;

const echoEnv = (value: string) => serverPredictor({ env: [{ name: "GREETING", value }] });

function secretOf(namespace: string, name: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels: { "app.kubernetes.io/managed-by": "kserve-ts" } },
    type: "Opaque",
    data: { KEY: new SecretText("a value that nobody sees") },
  };
}

const actions = (report: {
  readonly objects: readonly { readonly kind: string; readonly action: string }[];
}) => report.objects.map(({ kind, action }) => `${kind} ${action}`);

function open({ kubeconfig, namespace }: ClusterRig): Promise<Cluster> {
  return connectCluster({ kubeconfig, namespace, env: process.env });
}

describeWithCluster(
  "a rollout on a real cluster",
  (rig) => {
    const { namespace } = rig;

    it("applies, waits until it serves, and finds the same unchanged without touching it", async () => {
      await using cluster = await open(rig);
      const manifests = [
        inferenceService(namespace, "one", echoEnv("a")),
        secretOf(namespace, "one-storage-s3"),
      ];
      const views: RolloutView[] = [];
      const { report, view } = await rollOut(cluster, manifests, {
        ...TIMEOUT,
        onView: (seen) => views.push(seen),
      });
      expect(actions(report)).toEqual(["Secret created", "InferenceService created"]);
      expect(view.url).toBe(`http://one-${namespace}.example.com`);
      expect(view.pods).toHaveLength(1);
      expect(new Set(views.map((seen) => JSON.stringify(seen))).size).toBe(views.length);
      const secret = await cluster.get(KINDS.secret, { name: "one-storage-s3" });
      const service = await cluster.get(KINDS.inferenceService, { name: "one" });
      expect(secret?.metadata.ownerReferences).toMatchObject([
        { kind: "InferenceService", uid: service?.metadata.uid },
      ]);

      const again = await applyManifests(cluster, manifests);
      expect(again.unchanged).toBe(true);
      expect(actions(again)).toEqual(["Secret unchanged", "InferenceService unchanged"]);
      const untouched = await cluster.get(KINDS.secret, { name: "one-storage-s3" });
      expect(untouched?.metadata.resourceVersion).toBe(secret?.metadata.resourceVersion);
    });

    it("does not take the old pods' readiness for the new ones'", async () => {
      await using cluster = await open(rig);
      const { report } = await rollOut(cluster, [inferenceService(namespace, "two", echoEnv("a"))], TIMEOUT);
      expect(report.service?.metadata.generation).toBe(1);
      const views: RolloutView[] = [];
      const updated = await rollOut(cluster, [inferenceService(namespace, "two", echoEnv("b"))], {
        ...TIMEOUT,
        onView: (seen) => views.push(seen),
      });
      expect(updated.report.service?.metadata.generation).toBe(2);
      const atFirst = views[0];
      expect(atFirst?.conditions.find(({ type }) => type === "Ready")?.status).toBe("True");
      expect(atFirst?.ready).toBe(false);
      const serving = updated.view.pods.filter(({ state }) => state !== "Terminating");
      expect(serving).toMatchObject([{ isNew: true, ready: true }]);
    });

    it("sees an update that needs no other pods through", async () => {
      await using cluster = await open(rig);
      const spec = echoEnv("a") as { readonly predictor: object };
      await rollOut(cluster, [inferenceService(namespace, "wider", spec)], TIMEOUT);
      const wider = { predictor: { ...spec.predictor, maxReplicas: 2 } };
      const { report, view } = await rollOut(cluster, [inferenceService(namespace, "wider", wider)], TIMEOUT);
      expect(actions(report)).toEqual(["InferenceService configured"]);
      expect(view.pods).toMatchObject([{ ready: true, isNew: true }]);
    });

    it("goes from a server of one's own to a standard model and back", async () => {
      await using cluster = await open(rig);
      await rollOut(cluster, [inferenceService(namespace, "kinds", echoEnv("a"))], TIMEOUT);
      const model = modelPredictor({ storageUri: "gs://kfserving-examples/models/sklearn/1.0/model" });
      const report = await applyManifests(cluster, [inferenceService(namespace, "kinds", model)]);
      const { predictor } = report.service?.["spec"] as { readonly predictor: object };
      expect(Object.keys(predictor)).toContain("model");
      expect(Object.keys(predictor)).not.toContain("containers");
      const back = await rollOut(cluster, [inferenceService(namespace, "kinds", echoEnv("b"))], TIMEOUT);
      expect(Object.keys((back.report.service?.["spec"] as { predictor: object }).predictor)).not.toContain(
        "model",
      );
    });

    it("goes back to the last good spec when it is told to", async () => {
      await using cluster = await open(rig);
      await rollOut(cluster, [inferenceService(namespace, "back", echoEnv("good"))], TIMEOUT);
      const broken = inferenceService(namespace, "back", serverPredictor({ args: ["--fail"] }));
      const failing = rollOut(cluster, [broken], { ...TIMEOUT, atomic: true });
      await expect(failing).rejects.toMatchObject({
        code: "KTS_ROLLOUT_FAILED",
        message: expect.stringMatching(
          /ended with exit code 1[\s\S]*The spec of \S+ is back and ready\./,
        ) as string,
      });
      const service = await cluster.get(KINDS.inferenceService, { name: "back" });
      expect(JSON.stringify(service?.["spec"])).toContain("good");
    });

    it("goes back from a good spec to the one before it, and keeps no secret value", async () => {
      await using cluster = await open(rig);
      for (const greeting of ["first", "second"]) {
        const manifests = [
          secretOf(namespace, "steps-storage-s3"),
          inferenceService(namespace, "steps", echoEnv(greeting)),
        ];
        await rollOut(cluster, manifests, TIMEOUT);
      }
      expect(await goodSpecs(cluster, { namespace, name: "steps" })).toHaveLength(2);
      const { service } = await restoreLastGood(cluster, { namespace, name: "steps" });
      expect(JSON.stringify(service["spec"])).toContain("first");
      const record = await cluster.get(KINDS.configMap, { name: recordName("steps") });
      expect(JSON.stringify(record)).not.toMatch(/nobody sees|(hidden)/);
      await waitUntilReady(
        cluster,
        { namespace, name: "steps", generation: service.metadata.generation ?? 0 },
        TIMEOUT,
      );
    });

    it("ends by itself when the time is up, with what most likely keeps it", async () => {
      await using cluster = await open(rig);
      const manifest = inferenceService(namespace, "late", serverPredictor({ args: ["--http_port=9999"] }));
      await expect(rollOut(cluster, [manifest], { timeoutMs: 14_000 })).rejects.toMatchObject({
        code: "KTS_ROLLOUT_TIMEOUT",
        cause: { reason: "never-ready", lastLines: [expect.stringContaining("port 9999")] },
        message: expect.stringMatching(
          /not ready after 14 s; 0 of 1 new pods ready.*Readiness probe failed/,
        ) as string,
      });
    });

    it("ends with the signal's reason when it is aborted, and leaves the cluster as it is", async () => {
      await using cluster = await open(rig);
      const stop = new AbortController();
      const waiting = rollOut(cluster, [inferenceService(namespace, "left", echoEnv("a"))], {
        ...TIMEOUT,
        signal: stop.signal,
        onView: () => stop.abort(new Error("told to stop")),
      });
      await expect(waiting).rejects.toThrow("told to stop");
      expect(await cluster.get(KINDS.inferenceService, { name: "left" })).toBeDefined();
    });

    it("changes nothing when a webhook refuses", async () => {
      await using cluster = await open(rig);
      const spec = {
        predictor: { ...(echoEnv("a") as { predictor: object }).predictor, minReplicas: 3, maxReplicas: 2 },
      };
      const manifests = [
        secretOf(namespace, "refused-storage-s3"),
        inferenceService(namespace, "refused", spec),
      ];
      await expect(applyManifests(cluster, manifests)).rejects.toMatchObject({
        code: "KTS_CLUSTER_REFUSED",
        message: expect.stringContaining("'MinReplicas' cannot be greater than MaxReplicas") as string,
      });
      expect(await cluster.get(KINDS.secret, { name: "refused-storage-s3" })).toBeUndefined();
    });

    it("does not take over a Secret that is somebody else's", async () => {
      await using cluster = await open(rig);
      const theirs = secretOf(namespace, "theirs-storage-s3");
      const metadata = { name: "theirs-storage-s3", namespace };
      await cluster.create(KINDS.secret, { ...theirs, metadata, data: {} });
      await expect(
        applyManifests(cluster, [theirs, inferenceService(namespace, "theirs", echoEnv("a"))]),
      ).rejects.toMatchObject({
        code: "KTS_DEPLOY_INVALID",
        message: expect.stringContaining("not made by kserve-ts") as string,
      });
    });

    it("says that it is stopped, where somebody stops it meanwhile", async () => {
      await using cluster = await open(rig);
      const manifest = inferenceService(namespace, "stopped", echoEnv("a"));
      await rollOut(cluster, [manifest], TIMEOUT);
      const stop = { metadata: { annotations: { "serving.kserve.io/stop": "true" } } };
      const { metadata } = await cluster.patch(KINDS.inferenceService, { name: "stopped" }, stop);
      const target = { name: "stopped", namespace, generation: metadata.generation ?? 0 };
      await expect(waitUntilReady(cluster, target, TIMEOUT)).rejects.toMatchObject({
        code: "KTS_ROLLOUT_FAILED",
        hint: "kserve-ts start stopped starts it.",
      });
      expect((await rollOut(cluster, [manifest], TIMEOUT)).view.ready).toBe(true);
    });

    it("says which permission is missing, and waits without those that are not needed", async () => {
      await using admin = await open(rig);
      await using limited = await limitedUser(admin, rig);
      const manifest = inferenceService(namespace, "limited", echoEnv("a"));
      await expect(applyManifests(limited.cluster, [manifest])).rejects.toMatchObject({
        code: "KTS_CLUSTER_DENIED",
        message: expect.stringContaining(`cannot get resource "inferenceservices"`) as string,
      });
      await limited.allow("serving.kserve.io", "inferenceservices", [
        "get",
        "list",
        "watch",
        "create",
        "patch",
      ]);
      const { view } = await rollOut(limited.cluster, [manifest], TIMEOUT);
      expect(view).toMatchObject({ ready: true, pods: [] });
    });
  },
  { loadsImages: true },
);

const rbac = (plural: string, kind: string): Resource => {
  return { group: "rbac.authorization.k8s.io", version: "v1", plural, kind, namespaced: true };
};

/** A user that may do nothing but what is allowed afterwards. */
async function limitedUser(admin: Cluster, { kubeconfig, namespace }: ClusterRig) {
  const name = "limited-user";
  const metadata = { name, namespace };
  await admin.create(KINDS.serviceAccount, { apiVersion: "v1", kind: "ServiceAccount", metadata });
  await admin.create(KINDS.secret, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...metadata, annotations: { "kubernetes.io/service-account.name": name } },
    type: "kubernetes.io/service-account-token",
  });
  let token: string | undefined;
  while (token === undefined) {
    const secret = await admin.get(KINDS.secret, { name });
    token = (secret?.["data"] as { readonly token?: string } | undefined)?.token;
    if (token === undefined) await sleep(50);
  }
  const config = parse(await readFile(kubeconfig, "utf8")) as { users: { user: object }[] };
  for (const entry of config.users) entry.user = { token: Buffer.from(token, "base64").toString("utf8") };
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-limited-"));
  const path = join(folder, "kubeconfig");
  await writeFile(path, stringify(config));
  const cluster = await connectCluster({ kubeconfig: path, namespace, env: process.env });
  return {
    cluster,
    async allow(group: string, plural: string, verbs: readonly string[]): Promise<void> {
      const api = "rbac.authorization.k8s.io";
      const rules = [{ apiGroups: [group], resources: [plural], verbs }];
      await admin.create(rbac("roles", "Role"), { apiVersion: `${api}/v1`, kind: "Role", metadata, rules });
      const roleRef = { apiGroup: api, kind: "Role", name };
      const subjects = [{ kind: "ServiceAccount", name, namespace }];
      const binding = { apiVersion: `${api}/v1`, kind: "RoleBinding", metadata, roleRef, subjects };
      await admin.create(rbac("rolebindings", "RoleBinding"), binding);
      while (
        !(await cluster.mayI({ verb: verbs[0] ?? "get", resource: KINDS.inferenceService, namespace }))
      ) {
        await sleep(50);
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await cluster[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
