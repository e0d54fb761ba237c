import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DeployConfig } from "../../contract/deploy-config.ts";
import type { Cluster, KubeObject } from "../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { readFacts } from "../../deployer/cluster/read-facts.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { graphManifests } from "../../deployer/manifests/inference-graph.ts";
import { render } from "../../deployer/manifests/render.ts";
import { applyManifests } from "../../deployer/rollout/apply.ts";
import { waitUntilGraphReady } from "../../deployer/rollout/graph-ready.ts";
import { type WaitTarget, waitUntilReady } from "../../deployer/rollout/wait.ts";
import { KINDS, planOf } from "../deployer/plans.ts";
import { type PlayedRevision, playKnative } from "./play-knative.ts";
import { type Testbed, startTestbed } from "./testbed.ts";

/** A cluster in Knative mode that is there already, for whoever works on these tests. */
const GIVEN = process.env["KNATIVE_KUBECONFIG"];

const NEXT_IMAGE = `registry.example.com/digits@sha256:${"1".repeat(64)}`;

interface Traffic {
  readonly revisionName?: string;
  readonly percent?: number;
  readonly tag?: string;
}

/*
 * KServe's controller is real, and so are Knative's kinds; nothing runs there, and what Knative's controllers would say is
 * played.
 */
describe("Knative mode", () => {
  let testbed: Testbed | undefined;
  let missing: string | undefined;
  let kubeconfig: string;
  let namespace: string;
  let cluster: Cluster;
  const signal = AbortSignal.timeout(170_000);

  beforeAll(async () => {
    if (GIVEN === undefined) {
      const started = await startTestbed({ node: false, mode: "Knative" });
      if ("reason" in started) {
        if (process.env["E2E_REQUIRED"]) throw new Error(started.reason);
        missing = started.reason;
        return;
      }
      testbed = started;
    }
    kubeconfig = GIVEN ?? testbed?.kubeconfig ?? "";
    namespace = `e2e-${randomBytes(4).toString("hex")}`;
    cluster = await connectCluster({ kubeconfig, namespace, env: {} });
    await cluster.create(RESOURCES.namespace, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace } as never,
    });
  });

  beforeEach((context) => {
    if (missing !== undefined) context.skip(`no test cluster can be had here: ${missing}`);
  });

  afterAll(async () => {
    if (missing !== undefined) return;
    await cluster.delete(RESOURCES.namespace, { name: namespace });
    await cluster[Symbol.asyncDispose]();
    await testbed?.stop();
  });

  async function deploy(name: string, config: DeployConfig = {}): Promise<WaitTarget> {
    const plan = planOf({ ...KINDS.custom, name, ...config }, { mode: "Knative", namespace });
    const { service } = await applyManifests(cluster, render(plan), { signal });
    return { namespace, name, generation: service?.metadata.generation ?? 0 };
  }

  const wait = (target: WaitTarget, timeoutMs = 30_000) =>
    waitUntilReady(cluster, target, { timeoutMs, signal });

  /** A Knative service, as soon as something holds for it. */
  async function service(
    name: string,
    holds: (object: KubeObject) => boolean = () => true,
  ): Promise<KubeObject> {
    for (;;) {
      const found = await cluster.get(RESOURCES.knativeService, { namespace, name }, signal);
      if (found !== undefined && holds(found)) return found;
      await delay(100, undefined, { signal });
    }
  }

  const play = (revision: Omit<PlayedRevision, "service"> & { service: string }) =>
    playKnative(cluster, kubeconfig, revision);

  const image = (object: KubeObject): unknown => {
    const { template } = object["spec"] as { template: { spec: { containers: { image: string }[] } } };
    return template.spec.containers[0]?.image;
  };
  const traffic = (object: KubeObject): readonly Traffic[] =>
    (object["spec"] as { traffic?: readonly Traffic[] }).traffic ?? [];

  it("is what the cluster's facts say", async () => {
    expect(await readFacts(cluster, signal)).toMatchObject({ defaultMode: "Knative", hasKnative: true });
  });

  it("makes a Knative service of what is rendered, with its scaling and limits", async () => {
    await deploy("scaled", {
      minReplicas: 0,
      maxReplicas: 3,
      scaleMetric: "rps",
      scaleTarget: 50,
      containerConcurrency: 20,
      timeoutSeconds: 60,
    });
    const { template } = (await service("scaled-predictor"))["spec"] as {
      template: { metadata: { annotations: object }; spec: Record<string, unknown> };
    };
    expect(template.metadata.annotations).toMatchObject({
      "autoscaling.knative.dev/min-scale": "0",
      "autoscaling.knative.dev/max-scale": "3",
      "autoscaling.knative.dev/metric": "rps",
      "autoscaling.knative.dev/target": "50",
    });
    expect(template.spec).toMatchObject({ containerConcurrency: 20, timeoutSeconds: 60 });
    expect(template.spec["containers"]).toMatchObject([
      { name: "kserve-container", image: KINDS.custom.image, ports: [{ containerPort: 8080 }] },
    ]);
  });

  it("is waited for until the revision is ready", async () => {
    const target = await deploy("waited");
    const waiting = wait(target);
    await service("waited-predictor");
    await play({ service: "waited-predictor", revision: "waited-predictor-00001" });
    expect(await waiting).toMatchObject({
      ready: true,
      revision: "waited-predictor-00001",
      url: `http://waited-predictor.${namespace}.example.com`,
    });
  });

  it("does not take the earlier revision for the one that is applied", async () => {
    const target = await deploy("changed");
    await service("changed-predictor");
    await play({ service: "changed-predictor", revision: "changed-predictor-00001" });
    await wait(target);
    const next = await deploy("changed", { image: NEXT_IMAGE });
    expect(next.generation).toBeGreaterThan(target.generation);
    await service("changed-predictor", (object) => image(object) === NEXT_IMAGE);
    await expect(wait(next, 2000)).rejects.toMatchObject({ code: "KTS_ROLLOUT_TIMEOUT" });
    await play({ service: "changed-predictor", revision: "changed-predictor-00002" });
    expect(await wait(next)).toMatchObject({ revision: "changed-predictor-00002" });
  });

  it("splits the traffic for a canary, and gives the new revision all of it afterwards", async () => {
    const target = await deploy("split");
    await service("split-predictor");
    await play({ service: "split-predictor", revision: "split-predictor-00001" });
    await wait(target);
    const canary = await deploy("split", { image: NEXT_IMAGE, canary: { trafficPercent: 20 } });
    await service("split-predictor", (object) => image(object) === NEXT_IMAGE);
    const previous = { revision: "split-predictor-00001", percent: 80 };
    await play({ service: "split-predictor", revision: "split-predictor-00002", previous });
    expect(await wait(canary)).toMatchObject({ ready: true, revision: "split-predictor-00002" });
    const shared = await service("split-predictor", (object) => traffic(object).length === 2);
    expect(traffic(shared)).toEqual([
      { latestRevision: true, percent: 20 },
      expect.objectContaining({ revisionName: "split-predictor-00001", percent: 80, tag: "prev" }),
    ]);
    const whole = await deploy("split", { image: NEXT_IMAGE });
    await service("split-predictor", (object) => traffic(object).length === 1);
    await play({ service: "split-predictor", revision: "split-predictor-00002" });
    expect(await wait(whole)).toMatchObject({ ready: true });
    const { components } = (await cluster.get(RESOURCES.inferenceService, { name: "split" }))?.["status"] as {
      components: { predictor: { traffic: readonly Traffic[]; latestRolledoutRevision: string } };
    };
    expect(components.predictor).toMatchObject({
      latestRolledoutRevision: "split-predictor-00002",
      traffic: [{ revisionName: "split-predictor-00002", percent: 100 }],
    });
  });

  it("ends the wait when Knative gives a revision up, with its words", async () => {
    const target = await deploy("failing");
    await service("failing-predictor");
    const message = 'Unable to fetch image "registry.example.com/digits": no such host';
    const failure = { reason: "RevisionFailed", message };
    await play({ service: "failing-predictor", revision: "failing-predictor-00001", failure });
    const error: unknown = await wait(target).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "KTS_ROLLOUT_FAILED", cause: { reason: "image-pull" } });
    expect(String(error)).toContain("no such host");
  });

  it("makes an InferenceGraph a Knative service too, and waits for it", async () => {
    const target = await deploy("first");
    await service("first-predictor");
    await play({ service: "first-predictor", revision: "first-predictor-00001" });
    await wait(target);
    const graphs = {
      chain: { nodes: { root: { sequence: ["first", { service: "first", name: "again" }] } } },
    };
    const manifests = graphManifests(graphs, { namespace, mode: "Knative", version: [0, 20, 0] });
    const applied = await applyManifests(cluster, manifests, { signal });
    expect(applied.objects).toMatchObject([{ kind: "InferenceGraph", name: "chain", action: "created" }]);
    const again = await applyManifests(cluster, manifests, { signal });
    expect(again.unchanged).toBe(true);
    await service("chain");
    await play({ service: "chain", revision: "chain-00001" });
    expect(
      await waitUntilGraphReady(cluster, { name: "chain" }, { timeoutMs: 30_000, signal }),
    ).toMatchObject({
      ready: true,
      url: `http://chain.${namespace}.example.com`,
    });
  });
});
